import { expect, test } from "vitest";
import { withSandboxSettings } from "./sandboxSettings.ts";

const fileOf = (path: string, text: string) => ({ path, bytes: Buffer.from(text), executable: false });

test("a sandbox's settings are added to those of the repository, and take precedence", () => {
  const repository = { permissions: { deny: ["WebSearch"] }, skipWebFetchPreflight: false };
  const found = withSandboxSettings([
    fileOf("CLAUDE.md", "words"),
    fileOf("settings.json", JSON.stringify(repository)),
  ]);
  expect(found.map(({ path }) => path)).toEqual(["CLAUDE.md", "settings.json"]);
  expect(JSON.parse(found[1]?.bytes.toString() ?? "")).toEqual({ ...repository, skipWebFetchPreflight: true });
});

test("a repository without settings gets the file", () => {
  const [file] = withSandboxSettings([]);
  expect(file?.path).toBe("settings.json");
  expect(JSON.parse(file?.bytes.toString() ?? "")).toEqual({ skipWebFetchPreflight: true });
});
