import { expect, test } from "vitest";
import { passSecrets, splitEnvironment } from "./ownSecrets.ts";

const TOKEN = "github_pat_1234567890";

test("tac8's own secrets leave the environment, under whatever name, and the agent's stay", () => {
  const given = {
    PATH: "/bin",
    GITHUB_TOKEN: `${TOKEN}\n`,
    GH_TOKEN: TOKEN,
    REMOTE: `https://x:${TOKEN}@github.com`,
    TAC8_BOARD_PASSWORD: "raspberry",
    HOME: "/home/raspberry",
    TAC8_SLACK_URL: "https://hooks.slack.com/services/x",
    ANTHROPIC_API_KEY: "sk-ant-1",
    GITHUB_TOKEN_FILE: "/run/secrets/token",
    UNSET: undefined,
  };
  const { env, secrets } = splitEnvironment(given);
  expect(Object.keys(env).toSorted()).toEqual(["ANTHROPIC_API_KEY", "GITHUB_TOKEN_FILE", "HOME", "PATH"]);
  expect({ ...env, ...secrets, UNSET: undefined }).toEqual(given);
});

test("an app gets the variable with the descriptor only if there is a secret to read", () => {
  expect(passSecrets({ PATH: "/bin" })).toEqual({ env: { PATH: "/bin" }, input: null });
  expect(passSecrets({ PATH: "/bin", GITHUB_TOKEN: TOKEN })).toEqual({
    env: { PATH: "/bin", TAC8_SECRETS_FD: "3" },
    input: JSON.stringify({ GITHUB_TOKEN: TOKEN }),
  });
});
