import { describe, expect, it } from "vitest";
import { configOf, REPOSITORY } from "./testing.fixture.ts";

const TOKEN = `ghp_${"canary".padEnd(36, "0")}`;
const text = (...extra: string[]) => `${REPOSITORY}[agent]\nenv = ${JSON.stringify(extra)}\n`;

describe("what agents see", () => {
  it("is an allow-list", () => {
    const env = {
      PATH: "/bin",
      HOME: "/home/pi",
      LANG: "C",
      TZ: "UTC",
      https_proxy: "http://proxy:1",
      NO_PROXY: "localhost",
      ANTHROPIC_BASE_URL: "http://stub",
      CLAUDE_CODE_X: "1",
      ANTHROPIC_API_KEY: "sk-ant-key",
      MINE: "yes",
      AWS_SECRET_ACCESS_KEY: "no",
      SSH_AUTH_SOCK: "/no",
      TAC8_HOME: "/no",
      LD_PRELOAD: "/no",
      path: "/no",
    };
    expect(configOf({ text: text("MINE"), env }).agentEnv).toEqual({
      PATH: "/bin",
      HOME: "/home/pi",
      LANG: "C",
      TZ: "UTC",
      https_proxy: "http://proxy:1",
      NO_PROXY: "localhost",
      ANTHROPIC_BASE_URL: "http://stub",
      CLAUDE_CODE_X: "1",
      ANTHROPIC_API_KEY: "sk-ant-key",
      MINE: "yes",
    });
  });

  it("is never the GitHub token, under any name, nor a part of a value, nor its file", () => {
    const env = {
      GITHUB_TOKEN: `${TOKEN}\n`,
      GH_TOKEN: TOKEN,
      ANTHROPIC_AUTH_TOKEN: TOKEN,
      ANTHROPIC_API_KEY: TOKEN,
      CLAUDE_SPACED: ` ${TOKEN} `,
      ANTHROPIC_CUSTOM_HEADERS: `Authorization: Bearer ${TOKEN}`,
      HTTPS_PROXY: `http://me:${TOKEN}@proxy:1`,
      GITHUB_TOKEN_FILE: "/run/secrets/token",
      PATH: "/bin",
    };
    const extra = ["GH_TOKEN", "GITHUB_TOKEN", "GITHUB_TOKEN_FILE"];
    expect(configOf({ text: text(...extra), env }).agentEnv).toEqual({ PATH: "/bin" });
  });

  it("is not the token that came by file either", () => {
    const env = { GITHUB_TOKEN_FILE: "/s", GH_TOKEN: TOKEN, ANTHROPIC_API_KEY_FILE: "/s" };
    const { agentEnv } = configOf({ text: text("GH_TOKEN"), env, files: { "/s": `${TOKEN}\n` } });
    expect(Object.values(agentEnv).filter((value) => value.includes(TOKEN))).toEqual([]);
  });

  it("is neither Redis nor the board's password, whatever the configuration says", () => {
    const env = {
      REDIS_URL: "redis://:redis-password@host:1",
      BROKER: "redis://:redis-password@host:1/0",
      REDIS_PASSWORD: "redis-secret",
      REDIS_PASSWORD_FILE: "/run/password",
      REDIS_SENTINEL_PASSWORD: "sentinels' secret",
      SAME: "redis-secret",
      TAC8_BOARD_PASSWORD: "pi",
      OTHER: "pi",
      TMPDIR: "/tmp/pi",
    };
    const extra = [
      "REDIS_URL",
      "BROKER",
      "REDIS_PASSWORD",
      "REDIS_PASSWORD_FILE",
      "REDIS_SENTINEL_PASSWORD",
      "SAME",
      "TAC8_BOARD_PASSWORD",
      "OTHER",
    ];
    expect(configOf({ text: text(...extra), env }).agentEnv).toEqual({ TMPDIR: "/tmp/pi" });
  });

  it("may be a GitHub account of the agent's own", () => {
    const env = { GITHUB_TOKEN: TOKEN, GH_TOKEN: "ghp_the-agents-own" };
    expect(configOf({ text: text("GH_TOKEN"), env }).agentEnv).toEqual({ GH_TOKEN: "ghp_the-agents-own" });
  });
});
