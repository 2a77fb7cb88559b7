import { defineConfig } from "vitest/config";

const exclude = ["**/node_modules/**", "**/.tac8/**"];

// `isolate: false`: modules are loaded once for each worker, not for each file. No file changes what another one sees.
const wholeApps = {
  globalSetup: ["test/build.setup.ts"],
  setupFiles: ["test/transitions.setup.ts"],
  exclude,
  isolate: false,
  testTimeout: 300_000,
  hookTimeout: 120_000,
};

export default defineConfig({
  test: {
    // Tests wait for processes more than they compute: two a core keep a small machine busy.
    maxWorkers: 4,
    globalSetup: ["test/dataFolders.setup.ts"],
    // The names in a list that should be empty are what is to be known of a failure elsewhere.
    chaiConfig: { truncateThreshold: 1000 },
    projects: [
      {
        test: {
          name: "unit",
          isolate: false,
          include: [
            "{apps,packages}/*/src/**/*.test.ts",
            "script/*.test.mjs",
            "bench/**/*.test.ts",
            "test/{soak,month}/*.test.ts",
          ],
          exclude: [...exclude, "**/*.int.test.{ts,mjs}"],
          // Only for what never ends: a busy machine takes many times as long as an idle one.
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: "int",
          include: [
            "{apps,packages}/*/src/**/*.int.test.ts",
            "{script,packages/build}/*.int.test.mjs",
            "test/soak/*.int.test.ts",
          ],
          exclude,
          globalSetup: ["test/memory.setup.ts"],
          setupFiles: ["test/transitions.setup.ts"],
          isolate: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      { test: { ...wholeApps, name: "e2e", include: ["test/*.e2e.test.ts"] } },
      // What `npm test` leaves out: `npm run test:rest` runs it, and `npm run test:all` runs everything.
      { test: { ...wholeApps, name: "rest", include: ["test/rest/**/*.e2e.test.ts"] } },
    ],
  },
});
