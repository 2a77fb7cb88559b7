import { expect, test } from "vitest";
import { configOf, REPOSITORY } from "../config/testing.fixture.ts";
import { chooseIsolation, isolationWords, needsProbe } from "./choose.ts";
import type { LauncherProbe } from "./launcher/probe.ts";
import type { SandboxProbe } from "./probe.ts";

const WORKS: SandboxProbe = { works: true, program: "/usr/bin/bwrap" };
const MISSING: SandboxProbe = { works: false, why: "bwrap was not found", fix: "sudo apt-get install bubblewrap" };
const LAUNCHER: LauncherProbe = { works: true, socket: "/run/l", ids: { first: 20_000, last: 20_999 } };
const NO_LAUNCHER: LauncherProbe = {
  works: false,
  isStarted: false,
  why: "is not running",
  fix: "run tac8 in its container",
};
const BROKEN: LauncherProbe = { works: false, isStarted: true, why: "EPERM", fix: "give it the capabilities" };
const KEY = { HOME: "/home/pi", ANTHROPIC_API_KEY: "sk-ant-key" };
const LOGIN = { HOME: "/home/pi" };
const COMMAND = '[llm]\nprovider = "command"\ncommand_template = ["x", "{prompt_file}"]\n';

interface Row {
  readonly isolation?: string;
  readonly env?: Record<string, string>;
  readonly more?: string;
  readonly home?: string;
  readonly probe?: SandboxProbe | null;
  readonly launcher?: LauncherProbe | null;
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
  [
    "auto with a launcher",
    { isolation: "auto", probe: MISSING, launcher: LAUNCHER, mode: "user", says: "run as a separate user" },
  ],
  ["auto with both", { isolation: "auto", probe: WORKS, launcher: LAUNCHER, mode: "sandbox", says: "bubblewrap" }],
  ["auto with neither", { isolation: "auto", probe: MISSING, launcher: NO_LAUNCHER, mode: "refused", says: "apt-get" }],
  [
    "auto with a broken one",
    { isolation: "auto", probe: MISSING, launcher: BROKEN, mode: "refused", says: "capabilities" },
  ],
  ["the user", { isolation: "user", launcher: LAUNCHER, mode: "user", says: "run as a separate user" }],
  ["the user without a launcher", { isolation: "user", launcher: NO_LAUNCHER, mode: "refused", says: "container" }],
  ["the user without a key", { isolation: "user", launcher: LAUNCHER, env: LOGIN, mode: "refused", says: "no key" }],
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
])("%s", (_what, { isolation, env = KEY, more = "", home, probe = null, launcher = null, mode, says }) => {
  const keys = Object.entries({ isolation, home }).flatMap(([key, value]) => (value ? [`${key} = "${value}"`] : []));
  const config = configOf({ text: `${REPOSITORY}${more}[agent]\n${keys.join("\n")}\n`, env });
  const chosen = chooseIsolation(config, { sandbox: probe, launcher });
  expect(chosen.mode).toBe(mode);
  expect(`${chosen.text} ${chosen.advice ?? ""}`).toContain(says);
  expect(needsProbe(config)).toEqual({
    sandbox: isolation === "auto" || isolation === "sandbox",
    launcher: isolation === "auto" || isolation === "user",
  });
});

test.each([
  ["none", "agents not isolated"],
  ["user", "agents run as separate users"],
  ["sandbox", "agents in a sandbox"],
])("isolation %s in words", (mode, words) => {
  expect(isolationWords(mode)).toBe(words);
});
