import { existsSync } from "node:fs";
import { isAbsolute } from "node:path";
import type { Config } from "@tac8/core/config/resolve";
import { socketOf } from "@tac8/core/config/redisUrl";
import { agentView, leftOut, secretPaths } from "@tac8/core/isolation/agentView";
import { sandboxArguments } from "@tac8/core/isolation/arguments";
import { chooseIsolation, needsProbe, type Isolation, type Refusal } from "@tac8/core/isolation/choose";
import { devicePlaces, makeDevices, NO_DEVICES_FIX, NoDevices } from "@tac8/core/isolation/devices";
import { procEntries, thisMachine } from "@tac8/core/isolation/machine";
import { privateEnvironment } from "@tac8/core/isolation/privateEnvironment";
import { probeSandbox } from "@tac8/core/isolation/probe";
import { tryToReach, type Attempt, type Reached } from "@tac8/core/isolation/reach";
import type { Check } from "../check.ts";
import { note, ok, problem, type Finding } from "../finding.ts";
import type { Site } from "../site.ts";

const TMP_BYTES = 1024 * 1024;

export const isolation: Check = {
  name: "Isolation",
  limitMs: 30_000,
  async look(site) {
    const { config, programs } = site;
    const uid = process.getuid?.() ?? 0;
    const probe = needsProbe(config) ? await probeSandbox({ path: programs, uid, secret: secretPaths(config) }) : null;
    const chosen = chooseIsolation(config, probe);
    if (chosen.mode === "refused") return [judgeChoice(chosen)];
    const own = { ...config.agentEnv, PATH: programs };
    const env = chosen.mode === "sandbox" ? privateEnvironment(own, "/tmp") : own;
    let devices: string | null = null;
    try {
      // Without a data folder there is no place yet; the attempts below change no device.
      if (chosen.mode === "sandbox" && uid === 0 && existsSync(config.home)) {
        devices = await makeDevices(devicePlaces(config.home));
      }
    } catch (error) {
      if (error instanceof NoDevices) return [problem(error.message, NO_DEVICES_FIX)];
      throw error;
    }
    const launch = chosen.mode === "sandbox" ? sandboxOf(chosen.program, { config, env, uid, devices }) : [];
    const reached = await tryToReach(attemptsOf(site), { launch, node: process.execPath, env });
    const hidden = chosen.mode === "sandbox" ? leftOut({ config }, thisMachine).map(judgeLeftOut) : [];
    return [judgeChoice(chosen), ...hidden, ...reached.map((one) => judgeReach(one, chosen.mode))];
  },
};

interface Seen {
  readonly config: Config;
  readonly env: Readonly<Record<string, string>>;
  readonly uid: number;
  readonly devices: string | null;
}

/** A sandbox with everything that agents see, but for an issue's folders. */
function sandboxOf(program: string, { config, env, uid, devices }: Seen): string[] {
  const mounts = agentView({ config, env, programs: [process.execPath] }, thisMachine);
  const spec = {
    mounts,
    cwd: "/tmp",
    lockFd: null,
    uid,
    procEntries: procEntries(),
    devices,
    tmpBytes: TMP_BYTES,
    nested: false,
  };
  return [program, ...sandboxArguments(spec), "--"];
}

/** What an agent must not reach. Each is only opened, and closed again. */
function attemptsOf({ config, redisUrl }: Site): Attempt[] {
  const source = config.secrets.github?.source ?? null;
  const socket = socketOf(redisUrl);
  const redis = socket === null && URL.canParse(redisUrl) ? new URL(redisUrl) : null;
  const api = new URL(config.github.api_url);
  return [
    ...(source !== null && isAbsolute(source)
      ? [{ what: "read the file of GitHub's token or key", kind: "read" as const, path: source }]
      : []),
    { what: "read the environment of tac8's processes", kind: "read", path: `/proc/${process.pid}/environ` },
    { what: "list tac8's data folder", kind: "list", path: config.home },
    ...(socket === null ? [] : [{ what: "connect to Redis", kind: "socket" as const, path: socket.path }]),
    ...(redis === null
      ? []
      : [
          {
            what: "connect to Redis",
            kind: "connect" as const,
            host: redis.hostname,
            port: Number(redis.port || 6379),
          },
        ]),
    {
      what: "use the network without tac8's proxy",
      kind: "connect",
      host: api.hostname,
      port: Number(api.port || (api.protocol === "https:" ? 443 : 80)),
    },
  ];
}

/** Pure. */
export function judgeChoice(chosen: Isolation | Refusal): Finding {
  if (chosen.mode === "refused") return problem(chosen.text, chosen.advice);
  return chosen.advice === null ? ok(chosen.text) : note(chosen.text, chosen.advice);
}

/** Pure. `line`: see `leftOut`. */
export function judgeLeftOut(line: string): Finding {
  return problem(line, "name a smaller folder that holds no secrets, or remove the entry");
}

/** Pure. Without isolation there is nothing else to expect. */
export function judgeReach({ what, reached, code }: Reached, mode: Isolation["mode"]): Finding {
  if (!reached) return ok(`agents cannot ${what} (${code})`);
  if (mode === "none") return note(`agents can ${what}`);
  return problem(`agents can ${what}, although they run in a ${mode}`, "report this: it is a defect of tac8");
}
