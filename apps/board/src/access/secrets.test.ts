import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makePassword, readSecrets } from "./secrets.ts";

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "tac8-secrets-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const NOTHING = {
  github: null,
  boardPassword: null,
  boardPasswordSource: null,
  files: [],
  keyFiles: [],
  metricsToken: null,
  notify: { slackUrl: null, ntfyUrl: null, ntfyToken: null, webhookUrl: null },
  values: [],
};

test("a created password has 18 random bytes", () => {
  expect(makePassword()).toMatch(/^[A-Za-z0-9_-]{24}$/);
  expect(makePassword()).not.toBe(makePassword());
});

test("secrets that are not configured are created once, are readable only by the owner, and are the same at the next start", () => {
  const home = join(root, "new", "home");
  const first = readSecrets({ dataFolder: home, secrets: NOTHING });
  expect(readSecrets({ dataFolder: home, secrets: NOTHING })).toEqual(first);
  expect(first.passwordFile).toBe(join(home, "tac8-board-password"));
  expect(first.warnings).toEqual([]);
  expect(statSync(home).mode & 0o777).toBe(0o700);
  for (const [name, secret] of [
    ["tac8-board-password", first.password],
    ["tac8-metrics-token", first.metricsToken],
    ["board-key", first.key],
  ] as const) {
    expect(readFileSync(join(home, name), "utf8")).toBe(`${secret}\n`);
    expect(statSync(join(home, name)).mode & 0o777).toBe(0o600);
  }
  expect(new Set([first.password, first.metricsToken, first.key]).size).toBe(3);
});

test("configured secrets are used and not stored", () => {
  const secrets = { ...NOTHING, boardPassword: "mine", boardPasswordSource: "TAC8_BOARD_PASSWORD", metricsToken: "m" };
  const { password, passwordFile, metricsToken } = readSecrets({ dataFolder: root, secrets });
  expect({ password, passwordFile, metricsToken }).toEqual({ password: "mine", passwordFile: null, metricsToken: "m" });
  expect(() => statSync(join(root, "tac8-board-password"))).toThrow(/ENOENT/);
});

test("an empty file, which a power failure may leave, gets a new secret", () => {
  writeFileSync(join(root, "tac8-board-password"), "\n");
  const { password } = readSecrets({ dataFolder: root, secrets: NOTHING });
  expect(password).toHaveLength(24);
  expect(readSecrets({ dataFolder: root, secrets: NOTHING }).password).toBe(password);
});

test("a key that other users can read causes a warning", () => {
  writeFileSync(join(root, "board-key"), "known\n", { mode: 0o644 });
  const { warnings, key } = readSecrets({ dataFolder: root, secrets: NOTHING });
  expect(key).toBe("known");
  expect(warnings).toEqual([expect.stringMatching(/other users can read .*board-key/)]);
});

test("a read-only data folder: no start without a configured password; with one, a warning for the other secrets", () => {
  writeFileSync(join(root, "file"), "");
  const home = join(root, "file", "home");
  expect(() => readSecrets({ dataFolder: home, secrets: NOTHING })).toThrow(
    /cannot store the board's password in .*set TAC8_BOARD_PASSWORD/,
  );
  const given = readSecrets({ dataFolder: home, secrets: { ...NOTHING, boardPassword: "mine" } });
  expect(given).toMatchObject({ password: "mine", metricsToken: null });
  expect(given.warnings).toHaveLength(2);
});
