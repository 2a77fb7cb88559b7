import { expect, test } from "vitest";
import { configOf, REPOSITORY } from "../config/testing.fixture.ts";
import { chooseIsolation, needsProbe } from "./choose.ts";
import type { SandboxProbe } from "./probe.ts";

const WORKS: SandboxProbe = { works: true, program: "/usr/bin/bwrap" };
const MISSING: SandboxProbe = { works: false, why: "bwrap was not found", fix: "sudo apt-get install bubblewrap" };
const KEY = { HOME: "/home/pi", ANTHROPIC_API_KEY: "sk-ant-key" };
const LOGIN = { HOME: "/home/pi" };
const COMMAND = '[llm]\nprovider = "command"\ncommand_template = ["x", "{prompt_file}"]\n';

interface Row {
  readonly isolation?: string;
  readonly env?: Record<string, string>;
  readonly more?: string;
  readonly home?: string;
  readonly probe?: SandboxProbe | null;
  readonly mode: string;
  /** In its text or advice. */
  readonly says: string;
}

test.each<[string, Row]>([
  ["nothing said", { mode: "none", says: 'set agent.isolation to "auto"' }],
  ["none", { isolation: "none", mode: "none", says: '(agent.isolation is "none")' }],
  ["auto", { isolation: "auto", probe: WORKS, mode: "sandbox", says: "bubblewrap" }],
  ["the sandbox", { isolation: "sandbox", probe: WORKS, mode: "sandbox", says: "bubblewrap" }],
  ["a command agent", { isolation: "auto", probe: WORKS, more: COMMAND, mode: "sandbox", says: "bubblewrap" }],
  ["auto without bwrap", { isolation: "auto", probe: MISSING, mode: "refused", says: "apt-get install bubblewrap" }],
  ["the sandbox without bwrap", { isolation: "sandbox", probe: MISSING, mode: "refused", says: "bwrap was not found" }],
  ["no probe", { isolation: "auto", mode: "refused", says: "nothing was tried" }],
  ["no key", { isolation: "auto", probe: WORKS, env: LOGIN, mode: "refused", says: "Claude Code has no key" }],
  ["no key: what to do", { isolation: "auto", env: LOGIN, mode: "refused", says: "run claude setup-token" }],
  [
    "no key, and no bwrap",
    {
      isolation: "auto",
      probe: MISSING,
      env: LOGIN,
      mode: "refused",
      says: "; then sudo apt-get install bubblewrap; or ",
    },
  ],
  ["a login, and none", { isolation: "none", env: LOGIN, mode: "none", says: "not isolated" }],
  ["a login, and nothing said", { env: LOGIN, mode: "none", says: "not isolated" }],
  ["a shared home", { isolation: "auto", probe: WORKS, home: "shared", mode: "refused", says: "remove agent.home" }],
])("%s", (_what, { isolation, env = KEY, more = "", home, probe = null, mode, says }) => {
  const keys = Object.entries({ isolation, home }).flatMap(([key, value]) => (value ? [`${key} = "${value}"`] : []));
  const config = configOf({ text: `${REPOSITORY}${more}[agent]\n${keys.join("\n")}\n`, env });
  const chosen = chooseIsolation(config, probe);
  expect(chosen.mode).toBe(mode);
  expect(`${chosen.text} ${chosen.advice ?? ""}`).toContain(says);
  expect(needsProbe(config)).toBe(isolation === "auto" || isolation === "sandbox");
});
