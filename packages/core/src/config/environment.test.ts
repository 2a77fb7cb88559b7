import { describe, expect, it, test } from "vitest";
import { fieldTest } from "../testing/fieldTest.fixture.ts";
import { caOf, passwordFileOf, passwordOf, socketOf } from "./redisUrl.ts";
import { describeProblems } from "./load.ts";
import { configOf, PATH, problemsOf, REPOSITORY, resolve } from "./testing.fixture.ts";

const HOME = "/data";
const TOKEN = "github_pat_abc";

fieldTest("E4", "one wrong variable is named with its source and what to write, and all else counts", () => {
  const env = {
    REDIS_URL: "127.0.0.1:6379",
    GITHUB_TOKEN: TOKEN,
    TAC8_SLACK_URL: "https://hooks.slack.com/services/x",
  };
  const { config, draft, problems } = resolve({ env });
  expect(config).toBeNull();
  expect(describeProblems(problems, PATH)).toBe(
    'environment variable REDIS_URL: found "127.0.0.1:6379", expected redis://HOST:PORT, rediss://HOST:PORT for TLS, or unix:///PATH: write redis://127.0.0.1:6379',
  );
  expect(draft).toMatchObject({
    repositories: [{ owner: "octo", repo: "hello-world" }],
    secrets: { github: { kind: "token", token: TOKEN }, notify: { slackUrl: "https://hooks.slack.com/services/x" } },
  });
});

fieldTest("E4", "all problems are reported at once: variables by name, keys of the file by line", () => {
  const text = `${REPOSITORY}\n[board]\nport = 70000\n[llm]\nmodell = "x"\n`;
  const env = {
    REDIS_URL: "http://h",
    LOG_LEVEL: "loud",
    LOG_FORMAT: "pretty",
    TAC8_BOARD_PORT: "http",
    GITHUB_TOKEN: `"${TOKEN}"`,
  };
  const lines = describeProblems(resolve({ text, env }).problems, PATH).split("\n");
  expect(lines).toEqual([
    expect.stringMatching(/^\/etc\/tac8\/config\.toml:6: board\.port: found 70000/),
    `${PATH}:8: llm.modell: unknown key`,
    expect.stringMatching(/^environment variable REDIS_URL: found "http:\/\/h", expected redis:/),
    expect.stringMatching(/^environment variable LOG_LEVEL: found "loud"/),
    'environment variable LOG_FORMAT: found "pretty", expected json or text',
    expect.stringMatching(/^environment variable TAC8_BOARD_PORT: found "http"/),
    expect.stringMatching(/^environment variable GITHUB_TOKEN: it is in quotes/),
  ]);
  expect(lines.join("")).not.toContain(TOKEN);
});

describe("REDIS_URL", () => {
  it.each([
    "127.0.0.1",
    "redis:6379:6379",
    "redis://host:6379:6379",
    "redis://host:99999",
    "redis://",
    "redis//host:6379",
    "http://host:6379",
    "/run/redis.sock",
    "redis://a b:6379",
    "redis://:%zz@host:6379",
  ])("%j is refused", (REDIS_URL) => {
    const { problems } = resolve({ env: { REDIS_URL } });
    expect(problems).toMatchObject([{ key: "REDIS_URL", place: "environment" }]);
    expect(problems[0]?.message).toMatch(/expected redis:\/\/HOST:PORT/);
  });

  it.each([
    "unix://",
    "unix:run/redis.sock",
    "unix://run/redis.sock",
    "unix:///run/",
    "unix:///a/%zz",
    "unix:///a?db=x",
    "unix:///a?user=me&password=secret",
    "unix:///a#1",
    `unix:///${"a".repeat(107)}`,
  ])("%j is refused, and what a socket's address is", (REDIS_URL) => {
    const { REDIS_URL: problem } = problemsOf({ env: { REDIS_URL } });
    expect(problem).toMatch(/expected unix:\/\/\/PATH of at most 107 bytes/);
    expect(problem).not.toContain("secret");
  });

  it("of Sentinels gets their password and that of Redis, and a wrong one says what it is to be", () => {
    const secrets = { REDIS_PASSWORD: "p", REDIS_SENTINEL_PASSWORD: "secret-of-sentinels" };
    const config = configOf({ env: { REDIS_URL: "redis+sentinel://a,b/m", ...secrets } });
    expect(config.redisUrl).toBe("redis+sentinel://:p@a,b/m?sentinel_password=secret-of-sentinels");
    expect(config.secrets.values).toContain("secret-of-sentinels");
    expect(problemsOf({ env: { REDIS_URL: "redis+sentinel://a,b" } })["REDIS_URL"]).toMatch(
      /expected redis\+sentinel:\/\/HOST:PORT,HOST:PORT\/NAME/,
    );
  });

  it("gets REDIS_PASSWORD if it has none, unless it is that of tac8 up", () => {
    const urlOf = (url: string) => configOf({ env: { REDIS_URL: url, REDIS_PASSWORD: "p@ss/%41" } }).redisUrl;
    expect(urlOf("redis://host:1/2")).toBe("redis://:p%40ss%2F%2541@host:1/2");
    expect(urlOf("rediss://me@host:1")).toBe("rediss://me:p%40ss%2F%2541@host:1");
    expect(urlOf("redis://:own@host:1")).toBe("redis://:own@host:1");
    expect(urlOf("unix:///a%20b")).toBe("unix:///a%20b?password=p%40ss%2F%2541");
    expect(urlOf("unix:///a?db=3")).toBe("unix:///a?db=3&password=p%40ss%2F%2541");
    expect(urlOf("unix:///a?password=own")).toBe("unix:///a?password=own");
    const own = { REDIS_URL: "unix:///a", REDIS_PASSWORD: "for-another", TAC8_REDIS_KEPT: "1" };
    const ownUrl = configOf({ env: own }).redisUrl;
    expect([socketOf(ownUrl)?.path, passwordOf(ownUrl), passwordFileOf(ownUrl)]).toEqual([
      "/a",
      null,
      expect.stringMatching(/\/share\/password$/),
    ]);
    expect(urlOf("")).toBe("redis://:p%40ss%2F%2541@127.0.0.1:6379");
  });

  it("gets the path of its CA's certificate, if it has TLS", () => {
    const files = { "/ca.pem": "-----BEGIN CERTIFICATE-----\n", "/key.pem": "-----BEGIN EC PRIVATE KEY-----\n" };
    const problem = (REDIS_URL: string, REDIS_CA_FILE: string) =>
      problemsOf({ env: { REDIS_URL, REDIS_CA_FILE }, files })["REDIS_CA_FILE"];
    const env = { REDIS_URL: "rediss://me@host:1/2", REDIS_CA_FILE: "/ca.pem", REDIS_PASSWORD: "p" };
    expect(configOf({ env, files }).redisUrl).toBe("rediss://me:p@host:1/2?ca=%2Fca.pem");
    expect(problem("redis://host:1", "/ca.pem")).toMatch(/write rediss:/);
    expect(problem("rediss://host:1", "ca.pem")).toMatch(/expected an absolute path/);
    expect(problem("rediss://host:1", "/missing.pem")).toMatch(/cannot read \/missing\.pem/);
    expect(problem("rediss://host:1", "/key.pem")).toMatch(/contains no certificate/);
    const own = configOf({ env: { ...env, REDIS_URL: "unix:///a", TAC8_REDIS_KEPT: "1" }, files });
    expect([socketOf(own.redisUrl)?.path, caOf(own.redisUrl)]).toEqual(["/a", null]);
  });

  it("never shows a password", () => {
    expect(problemsOf({ env: { REDIS_URL: "redis//:secret@host:6379" } })["REDIS_URL"]).not.toContain("secret");
  });

  it.each([
    ["redis://host:6379 ", "redis://host:6379"],
    ["\trediss://user:pw@host:6380/2\n", "rediss://user:pw@host:6380/2"],
    ["unix:///run/redis.sock", "unix:///run/redis.sock"],
    ["unix:///run/my%20redis.sock?db=3", "unix:///run/my%20redis.sock?db=3"],
    ["", "redis://127.0.0.1:6379"],
    ["  \n", "redis://127.0.0.1:6379"],
  ])("%j is %s", (REDIS_URL, url) => {
    expect(configOf({ env: { REDIS_URL } }).redisUrl).toBe(url);
  });
});

test.each([
  ["https://tac8.example.org", "https://tac8.example.org"],
  ["http://10.0.0.2:3000/", "http://10.0.0.2:3000"],
  ["http://[::1]:3000", "http://[::1]:3000"],
  ["tac8.example.org", null],
  ["ftp://tac8.example.org", null],
  ["https://tac8.example.org/board", null],
  ["https://me:secret@tac8.example.org", null],
  ["https://tac8.example.org?x", null],
])("the board's address %s is %s, in the environment and in the file", (address, url) => {
  const inFile = { text: `${REPOSITORY}[board]\nurl = "${address}"\n` };
  const inEnv = { env: { TAC8_BOARD_URL: address } };
  if (url !== null) {
    for (const input of [inFile, inEnv]) expect(configOf(input).board.url).toBe(url);
    return;
  }
  expect(problemsOf(inFile)).toEqual({ "board.url": expect.stringContaining("expected http://HOST:PORT") });
  expect(problemsOf(inEnv)).toEqual({ TAC8_BOARD_URL: expect.not.stringContaining("secret") });
});

test("blanks, line ends and empty values around every other variable do no harm", () => {
  const env = {
    GITHUB_API_URL: " https://ghe.example/api/v3\n",
    LOG_LEVEL: "debug\r\n",
    TAC8_BOARD_PORT: " 8080 ",
    TAC8_BOARD_HOST: "0.0.0.0\n",
    GITHUB_TOKEN: ` ${TOKEN}\n`,
    TAC8_NTFY_URL: "",
  };
  const config = configOf({ env });
  expect(config).toMatchObject({ logLevel: "debug", board: { host: "0.0.0.0", port: 8080 } });
  expect(config.github.api_url).toBe("https://ghe.example/api/v3");
  expect(config.secrets).toMatchObject({ github: { token: TOKEN }, notify: { ntfyUrl: null } });
});

test.each([
  ["a line end within", { GITHUB_TOKEN: "one\ntwo" }, "GITHUB_TOKEN", /copy it again/],
  ["quotes", { ANTHROPIC_API_KEY: "'sk-ant'" }, "ANTHROPIC_API_KEY", /quotes/],
  ["too few characters", { TAC8_METRICS_TOKEN: "fifteen-letters" }, "TAC8_METRICS_TOKEN", /expected 16 characters/],
  ["an empty file", { GITHUB_TOKEN_FILE: "/empty" }, "GITHUB_TOKEN_FILE", /\/empty is empty/],
  ["a missing file", { GITHUB_TOKEN_FILE: "/none" }, "GITHUB_TOKEN_FILE", /cannot read \/none/],
])("a token with %s is refused", (_name, env, key, message) => {
  const problems = problemsOf({ env, files: { "/empty": "\n" } });
  expect(problems).toEqual({ [key]: expect.stringMatching(message) });
});

describe("a stored secret", () => {
  const stored = { [`${HOME}/github-token`]: "stored\n" };
  const from = (env: Record<string, string>, more: Record<string, string> = {}) =>
    configOf({ env: { TAC8_HOME: HOME, ...env }, files: { "/f": "from-file\n" }, stored: { ...stored, ...more } });

  fieldTest(
    "E2",
    "counts where the environment has none: the variable first, then its file, then the data folder",
    () => {
      const found = (env: Record<string, string>) => {
        const { github } = from(env).secrets;
        return github?.kind === "token" ? [github.token, github.source] : null;
      };
      expect(found({ GITHUB_TOKEN: "own", GITHUB_TOKEN_FILE: "/f" })).toEqual(["own", "GITHUB_TOKEN"]);
      expect(found({ GITHUB_TOKEN: " ", GITHUB_TOKEN_FILE: "/f" })).toEqual(["from-file", "/f"]);
      expect(found({ GITHUB_TOKEN: "" })).toEqual(["stored", `${HOME}/github-token`]);
    },
  );

  fieldTest("E2", "may be the model's key, unless the environment signs agents in", () => {
    const key = { [`${HOME}/anthropic-api-key`]: "sk-stored\n" };
    expect(from({}, key).agentEnv).toMatchObject({ ANTHROPIC_API_KEY: "sk-stored" });
    for (const name of ["CLAUDE_CODE_OAUTH_TOKEN", "ANTHROPIC_AUTH_TOKEN"]) {
      const { agentEnv } = from({ [name]: "oat" }, key);
      expect([agentEnv[name], agentEnv["ANTHROPIC_API_KEY"]]).toEqual(["oat", undefined]);
    }
    expect(from({}, key).secrets.values).toContain("sk-stored");
  });

  it("that cannot be read, or is no token, is named", () => {
    const bad = { [`${HOME}/github-token`]: "two words" };
    const { problems } = resolve({ env: { TAC8_HOME: HOME }, stored: bad });
    expect(describeProblems(problems, PATH)).toMatch(/^\/data\/github-token: it contains spaces/);
  });
});
