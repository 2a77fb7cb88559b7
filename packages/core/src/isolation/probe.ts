import { execFile, type ExecFileException } from "node:child_process";
import { readFileSync } from "node:fs";
import { findProgram } from "../app/findProgram.ts";
import { sandboxArguments, type Mount } from "./arguments.ts";
import { procEntries, thisMachine } from "./machine.ts";
import { machineView, secretInSystem } from "./view.ts";

export type SandboxProbe =
  | { readonly works: true; /** Path of `bwrap`. */ readonly program: string }
  /** `fix`: advice for the operator. */
  | { readonly works: false; readonly why: string; readonly fix: string };

/** Time limit of a probe: long enough for a busy machine, such as a Raspberry Pi after a power loss. */
const PROBE_MS = 30_000;

export interface ProbeOptions {
  /** A `PATH`. */
  readonly path: string;
  readonly uid: number;
  /** Folders and files that agents must not see. */
  readonly secret: readonly string[];
  readonly limitMs?: number;
}

/**
 * Start a program in a sandbox, in the same way as agents, and return whether that works on this machine.
 * @throws Error when the result is not known now but may be later, because this machine is overloaded
 */
export async function probeSandbox({ path, uid, secret, limitMs = PROBE_MS }: ProbeOptions): Promise<SandboxProbe> {
  const program = findProgram("bwrap", { path, cwd: "/" });
  if (program === null) {
    return { works: false, why: "bwrap was not found", fix: "sudo apt-get install bubblewrap" };
  }
  if (findProgram("bash", { path, cwd: "/" }) === null) {
    return { works: false, why: "bash, which sandboxes need, was not found", fix: "sudo apt-get install bash" };
  }
  const shown = secretInSystem(secret, thisMachine);
  if (shown !== null) {
    const why = `${shown.path} is in ${shown.folder}, which sandboxed agents can read`;
    return { works: false, why, fix: `move it out of ${shown.folder} (TAC8_HOME sets the data folder)` };
  }
  const mounts: Mount[] = machineView(
    { env: {}, toolchains: [], userHome: null, programs: [], read: [], write: [], secret },
    thisMachine,
  );
  const args = sandboxArguments({
    mounts,
    cwd: "/tmp",
    lockFd: null,
    uid,
    procEntries: uid === 0 ? procEntries() : new Set(),
    // The program below does not change any device.
    devices: null,
    tmpBytes: 65_536,
    nested: false,
  });
  const output = await start([program, ...args, "--", "/bin/sh", "-c", "exit 0"], limitMs);
  return output === null
    ? { works: true, program }
    : explain(output, { restricted: isRestricted(), isContainer: isContainer() });
}

/** Return why a sandbox did not start, from the message of `bwrap`. Pure. */
export function explain(
  output: string,
  { restricted, isContainer }: { readonly restricted: boolean; readonly isContainer: boolean },
): Extract<SandboxProbe, { works: false }> {
  const why = `bwrap cannot start a program here (${output})`;
  if (/unknown option/i.test(output)) {
    return { works: false, why: "bwrap is older than 0.8", fix: "install bubblewrap 0.8 or later" };
  }
  if (isContainer) {
    return {
      works: false,
      why,
      fix: "give the container --security-opt seccomp=unconfined --security-opt systempaths=unconfined, or run tac8 outside a container",
    };
  }
  if (restricted) {
    return {
      works: false,
      why: `AppArmor does not permit bwrap to create user namespaces (${output})`,
      fix: "sudo sh -c 'printf \"abi <abi/4.0>,\\ninclude <tunables/global>\\nprofile bwrap /usr/bin/bwrap flags=(unconfined) { userns, }\\n\" > /etc/apparmor.d/bwrap && apparmor_parser -r /etc/apparmor.d/bwrap'",
    };
  }
  return { works: false, why, fix: "sudo sysctl -w kernel.unprivileged_userns_clone=1 user.max_user_namespaces=15000" };
}

/** Start `bwrap`. @returns null: it works; else its message. @throws Error see `probeSandbox` */
async function start([program = "", ...args]: readonly string[], limitMs: number): Promise<string | null> {
  const { error, stderr } = await new Promise<{ error: Failure | null; stderr: string }>((resolve, reject) => {
    const options = { env: {}, cwd: "/", timeout: limitMs, killSignal: "SIGKILL" } as const;
    try {
      execFile(program, args, options, (failure, _stdout, output) => resolve({ error: failure, stderr: output }));
    } catch (thrown) {
      // For some codes, such as ENOMEM, Node throws synchronously.
      if (thrown instanceof Error) resolve({ error: thrown, stderr: "" });
      else reject(new Error(String(thrown)));
    }
  });
  if (error === null) return null;
  const output = stderr.trim().split("\n")[0]?.slice(0, 200) || error.message.slice(0, 200);
  const passing = passingTrouble({ error, output, limitMs });
  if (passing !== null) throw new Error(`could not test bwrap (${passing}): this machine is overloaded`);
  return output;
}

/** The error of `execFile`. */
type Failure = Pick<ExecFileException, "message" | "code" | "killed" | "signal">;

/** Errors of a machine that has no free memory, processes or open files: codes of Node, and messages of `bwrap`. */
const PASSING_CODES: readonly unknown[] = ["EAGAIN", "ENOMEM", "EMFILE", "ENFILE"];
const PASSING_WORDS = /Resource temporarily unavailable|Cannot allocate memory|Too many open files/;

/** Return why a failed start is not significant for sandboxes on this machine; null: it is. Pure. */
export function passingTrouble({
  error: { code, killed = false, signal },
  output,
  limitMs,
}: {
  readonly error: Failure;
  readonly output: string;
  readonly limitMs: number;
}): string | null {
  if (killed) return `no response within ${limitMs / 1000} s`;
  if (PASSING_CODES.includes(code)) return String(code);
  if (signal === "SIGKILL") return "it was killed";
  return PASSING_WORDS.test(output) ? output : null;
}

/** Return whether AppArmor restricts user namespaces, as in Ubuntu 23.10 and later. */
function isRestricted(): boolean {
  try {
    return readFileSync("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "utf8").trim() === "1";
  } catch {
    return false; // No AppArmor, or one without this restriction.
  }
}

function isContainer(): boolean {
  return thisMachine.kindOf("/.dockerenv") !== null || thisMachine.kindOf("/run/.containerenv") !== null;
}
