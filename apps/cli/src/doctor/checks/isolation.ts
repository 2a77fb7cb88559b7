import { existsSync, mkdirSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Config } from "@tac8/core/config/resolve";
import { isLoopback } from "@tac8/core/board/loopback";
import { endpointsOf, socketOf } from "@tac8/core/config/redisUrl";
import { agentView, leftOut, replaceable, REPLACEABLE_FIX } from "@tac8/core/isolation/agentView";
import { sandboxArguments } from "@tac8/core/isolation/arguments";
import type { Isolation, Refusal } from "@tac8/core/isolation/choose";
import { devicePlaces, makeDevices, NO_DEVICES_FIX, NoDevices } from "@tac8/core/isolation/devices";
import { findIsolation } from "@tac8/core/isolation/find";
import { procEntries, thisMachine } from "@tac8/core/isolation/machine";
import { privateEnvironment } from "@tac8/core/isolation/privateEnvironment";
import {
  runBehind,
  runByLauncher,
  tryAccess,
  type AccessAttempt,
  type AccessResult,
  type RunAsAgent,
} from "@tac8/core/isolation/reach";
import { managerOf } from "../../services/units.ts";
import type { Check } from "../check.ts";
import { note, ok, problem, type Finding } from "../finding.ts";
import type { DoctorInput } from "../doctorInput.ts";

const NETWORK = "use the network without tac8's proxy";
/** Node, and one of tac8's programs, whose folder contains all of them. */
const OWN = [process.execPath, fileURLToPath(new URL("../../../../runner/src/main.ts", import.meta.url))];
const TMP_BYTES = 1024 * 1024;

export const isolation: Check = {
  name: "Isolation",
  // The probe of the sandbox alone may take half of this time.
  limitMs: 60_000,
  async inspect(input) {
    const chosen = await findIsolation(input.config, input.searchPath);
    if (chosen.mode === "refused") return [evaluateChoice(chosen)];
    try {
      const env = agentEnvOf(input, chosen);
      const run = await runOf(chosen, input.config, env);
      const reached = await tryAccess(attemptsOf(input, chosen.mode), { run, node: process.execPath, env });
      const hidden = chosen.mode === "sandbox" ? leftOut(input, thisMachine).map(evaluateLeftOut) : [];
      const open = chosen.mode === "sandbox" ? replaceable(openOf(input), thisMachine).map(evaluateReplaceable) : [];
      const isService = managerOf(input.env) === "system";
      return [
        evaluateChoice(chosen),
        ...hidden,
        ...open,
        ...reached.map((one) => evaluateReach(one, chosen.mode, isService)),
      ];
    } catch (error) {
      if (error instanceof NoDevices) return [problem(error.message, NO_DEVICES_FIX)];
      throw error;
    }
  },
};

function agentEnvOf({ config, searchPath }: DoctorInput, { mode }: Isolation): Record<string, string> {
  const own = { ...config.agentEnv, PATH: searchPath };
  return mode === "none" ? own : privateEnvironment(own, "/tmp");
}

/** @throws NoDevices */
async function runOf(chosen: Isolation, config: Config, env: Readonly<Record<string, string>>): Promise<RunAsAgent> {
  switch (chosen.mode) {
    case "none":
      return runBehind([]);
    case "sandbox": {
      const uid = process.getuid?.() ?? 0;
      // Without a data folder, there is no folder for devices yet; the attempts do not need any.
      const devices =
        uid === 0 && existsSync(config.dataFolder) ? await makeDevices(devicePlaces(config.dataFolder)) : null;
      return runBehind(sandboxOf(chosen.program, { config, env, uid, devices }));
    }
    case "user": {
      const { socket, ids } = chosen;
      const folder = join(config.dataFolder, "ids");
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      return runByLauncher(socket, { uid: ids.last, lockFile: join(folder, `${ids.last}.lock`) });
    }
    default:
      return chosen satisfies never;
  }
}

interface SandboxFacts {
  readonly config: Config;
  readonly env: Readonly<Record<string, string>>;
  readonly uid: number;
  readonly devices: string | null;
}

/** Return the command of a sandbox with everything that agents see, except the folders of an issue. */
function sandboxOf(program: string, { config, env, uid, devices }: SandboxFacts): string[] {
  const mounts = agentView({ config, env, programs: [process.execPath], own: OWN }, thisMachine);
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

/** Return the attempts that must fail for an agent. Each only opens and closes a resource. */
function attemptsOf({ config, redisUrl }: DoctorInput, mode: Isolation["mode"]): AccessAttempt[] {
  const source = config.secrets.github?.source ?? null;
  const socket = socketOf(redisUrl);
  const api = new URL(config.github.api_url);
  return [
    ...(source !== null && isAbsolute(source)
      ? [{ what: "read the file of GitHub's token or key", kind: "read" as const, path: source }]
      : []),
    { what: "read the environment of tac8's processes", kind: "read", path: `/proc/${process.pid}/environ` },
    { what: "list tac8's data folder", kind: "list", path: config.dataFolder },
    ...(socket === null ? [] : [{ what: "connect to Redis", kind: "socket" as const, path: socket.path }]),
    ...endpointsOf(redisUrl).map((endpoint) => ({ what: "connect to Redis", kind: "connect" as const, ...endpoint })),
    // In mode `user`, an agent reaches the loopback of this machine, because its proxy is there, so this attempt would show nothing.
    ...(mode === "user" && isLoopback(api.hostname)
      ? []
      : [
          {
            what: NETWORK,
            kind: "connect" as const,
            host: api.hostname,
            port: Number(api.port || (api.protocol === "https:" ? 443 : 80)),
          },
        ]),
  ];
}

/** Pure. */
export function evaluateChoice(chosen: Isolation | Refusal): Finding {
  if (chosen.mode === "refused") return problem(chosen.text, chosen.advice);
  return chosen.advice === null ? ok(chosen.text) : note(chosen.text, chosen.advice);
}

function openOf({ config, searchPath }: DoctorInput) {
  return { config: { ...config, agentEnv: { ...config.agentEnv, PATH: searchPath } }, own: OWN };
}

/** Evaluate a line of `replaceable`. Pure. */
export function evaluateReplaceable(line: string): Finding {
  return problem(line, REPLACEABLE_FIX);
}

/** Evaluate a line of `leftOut`. Pure. */
export function evaluateLeftOut(line: string): Finding {
  return problem(line, "use a smaller folder without secrets, or remove the entry");
}

/** Evaluate the result of an attempt. Pure. Without isolation, success is expected. `isService`: systemd runs tac8. */
export function evaluateReach(
  { what, reached, code }: AccessResult,
  mode: Isolation["mode"],
  isService = false,
): Finding {
  if (!reached) return ok(`agents cannot ${what} (${code})`);
  if (mode === "none") return note(`agents can ${what}`);
  if (mode === "user" && what === NETWORK) {
    const advice = isService
      ? "systemd blocks it with IPAddressDeny in tac8-launcher, which needs control groups v2: boot with systemd.unified_cgroup_hierarchy=1"
      : "connect the runner to an internal network, as docker-compose.yml does";
    return problem(`agents can ${what}`, advice);
  }
  return problem(`agents can ${what}, although they are isolated (${mode})`, "report this: it is a bug in tac8");
}
