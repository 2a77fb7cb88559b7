import { expect, test } from "vitest";
import { agentHomeOf, sharedHome } from "./agentHome.ts";
import { configOf, REPOSITORY } from "./testing.fixture.ts";

const COMMAND = '[llm]\nprovider = "command"\ncommand_template = ["x", "{prompt_file}"]\n';
const HOME = { HOME: "/home/pi" };
const KEY = { ...HOME, ANTHROPIC_API_KEY: "sk-ant-key" };
const home = (value: string) => `[agent]\nhome = "${value}"\n`;

test.each<[string, string, Record<string, string>, unknown]>([
  ["an API key", "", KEY, { kind: "private" }],
  ["a subscription's token", "", { CLAUDE_CODE_OAUTH_TOKEN: "sk-ant-oat" }, { kind: "private" }],
  ["a gateway's token", "", { ANTHROPIC_AUTH_TOKEN: "gateway" }, { kind: "private" }],
  ["a login that may be in the folder", "", HOME, { kind: "shared", why: "login" }],
  ["another program", COMMAND, KEY, { kind: "shared", why: "command" }],
  ["a login, and the wish", home("private"), HOME, { kind: "private" }],
  ["another program, and the wish", COMMAND + home("private"), HOME, { kind: "private" }],
  ["a key, and the other wish", home("shared"), KEY, { kind: "shared", why: "setting" }],
])("the home folder of an agent with %s", (_, text, env, wanted) => {
  const config = configOf({ text: REPOSITORY + text, env });
  expect(agentHomeOf(config, config.agents.standard.provider)).toEqual(wanted);
});

test("a shared home folder is said where nobody asked for it", () => {
  const warningOf = (text: string, env: Record<string, string>) =>
    sharedHome(configOf({ text: REPOSITORY + text, env }));
  expect(warningOf("", HOME)?.advice).toContain("claude setup-token");
  expect(warningOf(COMMAND, KEY)?.advice).toContain("agent.home");
  expect(warningOf("", KEY)).toBeNull();
  expect(warningOf(home("shared"), HOME)).toBeNull();
});
