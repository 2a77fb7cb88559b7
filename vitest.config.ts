import { defineConfig } from "vitest/config";

const exclude = ["**/node_modules/**", "**/.tac8/**"];

export default defineConfig({
  test: {
    // They wait for processes more than they compute; Vitest's own choice leaves half of a small machine idle.
    maxWorkers: 2,
    globalSetup: ["test/dataFolders.setup.ts"],
    projects: [
      {
        test: {
          name: "unit",
          include: ["{apps,packages}/*/src/**/*.test.ts", "script/*.test.mjs", "bench/**/*.test.ts"],
          exclude: [...exclude, "**/*.int.test.{ts,mjs}"],
        },
      },
      {
        test: {
          name: "int",
          include: ["{apps,packages}/*/src/**/*.int.test.ts", "{script,packages/build}/*.int.test.mjs"],
          exclude,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/**/*.e2e.test.ts"],
          globalSetup: ["test/build.setup.ts"],
          exclude,
          testTimeout: 300_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
