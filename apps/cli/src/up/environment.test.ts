import { describe, expect, it } from "vitest";
import { childEnvironment, demoEnvironment, pathWith } from "./environment.ts";

describe("childEnvironment", () => {
  const redis = { redisUrl: "redis://:from-REDIS_PASSWORD@h:7", ownRedis: false };
  const given = {
    node: "/opt/node/bin/node",
    ...redis,
    dataFolder: "/data",
    configPath: "/c.toml",
    openCommand: "tac8 open",
  };

  it("passes the operator's environment on, with the values that up sets", () => {
    const env = childEnvironment({
      ...given,
      env: { PATH: "/bin", GITHUB_TOKEN: "t", REDIS_URL: "redis://h:7", EMPTY: undefined },
    });
    expect(env).toEqual({
      PATH: "/opt/node/bin:/bin",
      GITHUB_TOKEN: "t",
      REDIS_URL: "redis://h:7",
      TAC8_HOME: "/data",
      TAC8_CONFIG: "/c.toml",
      TAC8_OPEN_COMMAND: "tac8 open",
      LOG_FORMAT: "json",
      TAC8_STOP_ON_STDIN_EOF: "1",
    });
  });

  it("has the address of its own Redis, and that up restarts it", () => {
    const own = { redisUrl: "unix:///data/redis.sock", ownRedis: true, env: { REDIS_URL: "" } };
    const wanted = { TAC8_REDIS_KEPT: "1", REDIS_URL: "unix:///data/redis.sock" };
    expect(childEnvironment({ ...given, ...own })).toMatchObject(wanted);
  });

  it("adds the variables of an app", () => {
    expect(childEnvironment({ ...given, env: {}, extra: { SANDBOX_PORT: "4000" } })).toMatchObject({
      SANDBOX_PORT: "4000",
    });
  });
});

describe("pathWith", () => {
  it("puts the running Node's folder first, once", () => {
    expect(pathWith("/n/bin/node", "/usr/bin:/n/bin:/bin")).toBe("/n/bin:/usr/bin:/bin");
    expect(pathWith("/n/bin/node", undefined)).toBe("/n/bin");
  });
});

describe("demoEnvironment", () => {
  it("lets no real token through", () => {
    const secret = {
      GITHUB_TOKEN: "x",
      GITHUB_TOKEN_FILE: "x",
      GH_TOKEN: "x",
      ANTHROPIC_API_KEY: "x",
      CLAUDE_CODE_OAUTH_TOKEN: "x",
      CLAUDE_CONFIG_DIR: "x",
      REDIS_URL: "x",
      GITHUB_API_URL: "x",
      TAC8_CONFIG: "x",
      NPM_TOKEN: "x",
    };
    expect(demoEnvironment({ ...secret, PATH: "/bin", HOME: "/home/pi", TAC8_BOARD_PORT: "3001" })).toEqual({
      PATH: "/bin",
      HOME: "/home/pi",
      TAC8_BOARD_PORT: "3001",
    });
  });
});
