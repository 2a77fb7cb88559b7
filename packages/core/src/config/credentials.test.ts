import { generateKeyPairSync } from "node:crypto";
import { describe, expect, test } from "vitest";
import { createRedactor } from "../log/redact.ts";
import { agentEnvironment } from "./agentEnv.ts";
import { noCredentials } from "./credentials.ts";
import { nameToken, permitAdvice, replaceAdvice } from "./tokenName.ts";
import { configOf, problemsOf, REPOSITORY } from "./testing.fixture.ts";

const HOME = "/data";
const STORED = `${HOME}/github-app-private-key`;
const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const PEM = privateKey.export({ type: "pkcs1", format: "pem" });
const WITH_APP = `${REPOSITORY}app_id = 12\n`;

const credentialsOf = (given: Parameters<typeof configOf>[0]) =>
  configOf({ ...given, env: { TAC8_HOME: HOME, ...given?.env } }).secrets.github;

describe("a GitHub App", () => {
  test.each<[string, Parameters<typeof configOf>[0], object]>([
    [
      "a key in a variable, on one line as in a .env file",
      { text: WITH_APP, env: { GITHUB_APP_PRIVATE_KEY: PEM.trim().replaceAll("\n", "\\n") } },
      { id: 12, installationId: null, source: "GITHUB_APP_PRIVATE_KEY" },
    ],
    [
      "a key in a file, and ids in variables, which come before the file's",
      {
        text: `${WITH_APP}app_installation_id = 1\n`,
        env: { GITHUB_APP_ID: "13", GITHUB_APP_INSTALLATION_ID: "14", GITHUB_APP_PRIVATE_KEY_FILE: "/k" },
        files: { "/k": PEM },
      },
      { id: 13, installationId: 14, source: "/k" },
    ],
    ["a stored key", { text: WITH_APP, stored: { [STORED]: PEM } }, { id: 12, source: STORED }],
    [
      "a stored key, where a token was stored before",
      { text: WITH_APP, stored: { [STORED]: PEM, [`${HOME}/github-token`]: "ghp_old" } },
      { id: 12, source: STORED },
    ],
  ])("works with %s", (_what, given, expected) => {
    expect(credentialsOf(given)).toEqual({ kind: "app", installationId: null, ...expected, privateKey: PEM });
  });

  test("whose key is stored is not used where the configuration has none", () => {
    const stored = { [STORED]: PEM, [`${HOME}/github-token`]: "ghp_stored" };
    expect(credentialsOf({ stored })).toMatchObject({ kind: "token", token: "ghp_stored" });
  });

  test("without a key here is no problem for commands that do not ask GitHub", () => {
    const config = configOf({ text: WITH_APP });
    expect(config.secrets.github).toBeNull();
    expect(noCredentials(config.github)).toMatch(/^no private key of the GitHub App: .*GITHUB_APP_PRIVATE_KEY_FILE/);
    expect(noCredentials(configOf().github)).toMatch(/^no GitHub token: /);
  });

  test.each<[string, Parameters<typeof problemsOf>[0], Record<string, RegExp>]>([
    [
      "a token as well",
      { text: WITH_APP, env: { GITHUB_TOKEN: "ghp_x", GITHUB_APP_PRIVATE_KEY: PEM } },
      { GITHUB_TOKEN: /both a token and a GitHub App \(github.app_id 12\) are configured: unset one/ },
    ],
    ["a key without an id", { env: { GITHUB_APP_PRIVATE_KEY: PEM } }, { GITHUB_APP_PRIVATE_KEY: /set github.app_id/ }],
    [
      "a file that cannot be read",
      { text: WITH_APP, env: { GITHUB_APP_PRIVATE_KEY_FILE: "/none" } },
      { GITHUB_APP_PRIVATE_KEY_FILE: /cannot read \/none/ },
    ],
    [
      "a file that others may open",
      { text: WITH_APP, env: { GITHUB_APP_PRIVATE_KEY_FILE: "/k" }, files: { "/k": PEM }, modes: { "/k": 0o100644 } },
      { GITHUB_APP_PRIVATE_KEY_FILE: /other users can open \/k \(mode 0644\): run chmod 600 \/k/ },
    ],
    [
      "a stored file that others may open",
      { text: WITH_APP, env: { TAC8_HOME: HOME }, stored: { [STORED]: PEM }, modes: { [STORED]: 0o640 } },
      { [STORED]: /mode 0640/ },
    ],
    [
      "what is no key",
      { text: WITH_APP, env: { GITHUB_APP_PRIVATE_KEY: "-----BEGIN RSA PRIVATE KEY-----" } },
      { GITHUB_APP_PRIVATE_KEY: /not an RSA private key in PEM format/ },
    ],
    [
      "a key of another kind",
      {
        text: WITH_APP,
        env: {
          GITHUB_APP_PRIVATE_KEY: generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }),
        },
      },
      { GITHUB_APP_PRIVATE_KEY: /not an RSA private key/ },
    ],
    [
      "an id that is none",
      { env: { GITHUB_APP_ID: "my-app" } },
      { GITHUB_APP_ID: /found "my-app", expected a number/ },
    ],
    [
      "an installation without an App",
      { text: `${REPOSITORY}app_installation_id = 3\n` },
      { "github.app_installation_id": /set github.app_id as well/ },
    ],
  ])("is not taken with %s: one line says it", (_what, given, expected) => {
    const problems = problemsOf(given);
    expect(Object.keys(problems)).toEqual(Object.keys(expected));
    for (const [key, words] of Object.entries(expected)) expect(problems[key]).toMatch(words);
    expect(JSON.stringify(problems)).not.toContain("\\n");
  });

  test.each([
    ["Docker mounts secrets, readable for its whole container", "/run/secrets/github_app_key"],
    ["systemd has the credentials of its unit", "/run/credentials/tac8-runner.service/secrets_GITHUB_APP_PRIVATE_KEY"],
  ])("may have its key where %s", (_where, path) => {
    const env = { GITHUB_APP_PRIVATE_KEY_FILE: path };
    expect(credentialsOf({ text: WITH_APP, env, files: { [path]: PEM }, modes: { [path]: 0o444 } })).toMatchObject({
      kind: "app",
    });
  });
});

test("no part of the key is in a redacted text, and none in an agent's environment", () => {
  const env = { GITHUB_APP_PRIVATE_KEY: PEM, MY_KEY: PEM, MY_LINE: `x${PEM.split("\n")[3]}` };
  const { secrets, agentEnv } = configOf({
    text: `${WITH_APP}[agent]\nenv = ["MY_KEY", "MY_LINE", "GITHUB_APP_PRIVATE_KEY"]\n`,
    env,
  });
  const redact = createRedactor(secrets.values);
  for (const text of [
    PEM,
    JSON.stringify({ PEM }),
    ...PEM.split("\n")
      .slice(1, -2)
      .map((line) => `key: ${line}`),
  ]) {
    for (const line of PEM.split("\n").slice(1, -2)) expect(redact(text)).not.toContain(line);
  }
  expect(Object.keys(agentEnv)).toEqual([]);
  const own = agentEnvironment({
    env: { GITHUB_APP_PRIVATE_KEY_FILE: "/k" },
    extra: ["GITHUB_APP_PRIVATE_KEY_FILE"],
    hidden: [],
    own: {},
  });
  expect(own).toEqual({});
});

test("a text with some other private key is redacted as well", () => {
  expect(createRedactor([])(`found ${PEM} there`)).not.toContain(PEM.split("\n")[2]);
});

test("a message about a token of a systemd service names the file that an operator can edit", () => {
  const nameOf = (source: string) => nameToken({ kind: "token", token: "t", source });
  const copy = "/run/credentials/tac8-runner.service/secrets_GITHUB_TOKEN";
  expect(nameOf(copy)).toBe("the GitHub token in /etc/tac8/secrets/GITHUB_TOKEN");
  expect(nameOf("/data/github-token")).toBe("the GitHub token in /data/github-token");
});

test("messages say what to do about an App, and about a token", () => {
  const app = nameToken({ kind: "app", id: 12, installationId: null, privateKey: PEM, source: "/k" });
  expect(app).toBe("the GitHub App 12");
  expect(replaceAdvice(app)).toBe(
    "check that the GitHub App 12 is installed on the repository, and that its private key is valid",
  );
  expect(replaceAdvice("GITHUB_TOKEN")).toBe("replace GITHUB_TOKEN with a valid token");
  expect(permitAdvice(app, "Issues")).toMatch(/in the App's settings/);
  expect(permitAdvice("GITHUB_TOKEN", "Issues")).toBe("edit the token, and set Issues to read and write");
});
