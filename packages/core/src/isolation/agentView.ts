import { delimiter, isAbsolute, join, resolve } from "node:path";
import type { Config } from "../config/resolve.ts";
import type { Mount } from "./arguments.ts";
import { TOOLCHAIN_VARIABLES } from "./toolchains.ts";
import { firstInside, machineView, whyNotShown, type Machine } from "./view.ts";

/** Variables with the paths of certificate files. */
const CERTIFICATES = ["SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"];

export interface AgentViewOptions {
  readonly config: Pick<Config, "agent" | "dataFolder" | "agentEnv" | "secrets">;
  /** Environment of the program in the sandbox. */
  readonly env: Readonly<Record<string, string>>;
  /** Programs that are started, and files in their arguments. */
  readonly programs: readonly string[];
  /** Programs of tac8 itself, which `replaceable` checks in addition to tac8's `PATH`. */
  readonly own: readonly string[];
}

/** Return the parts of this machine that agents see with this configuration. It only reads links and types of paths. */
export function agentView({ config, env, programs, own }: AgentViewOptions, machine: Machine): Mount[] {
  const userHome = config.agentEnv["HOME"] || null;
  const paths = config.agent.write.map((path) => absolute(path, userHome));
  const isOpen = (path: string) => firstInside(path, outside({ config, own }), machine) === null;
  const certificates = CERTIFICATES.flatMap((variable) => env[variable] ?? []);
  return machineView(
    {
      env,
      toolchains: TOOLCHAIN_VARIABLES,
      userHome,
      programs,
      read: [
        ...certificates.filter(isAbsolute),
        ...config.agent.read.map((path) => absolute(path, userHome)),
        ...paths.filter((path) => !isOpen(path)),
      ],
      write: paths.filter(isOpen),
      secret: secretPaths(config),
    },
    machine,
  );
}

/**
 * Return one line for the operator for each entry of `agent.read` and `agent.write` that agents in a sandbox do not see. It only reads
 * links and types of paths.
 */
export function leftOut({ config }: Pick<AgentViewOptions, "config">, machine: Machine): string[] {
  const userHome = config.agentEnv["HOME"] || null;
  const options = { userHome, secret: secretPaths(config) };
  return (["read", "write"] as const).flatMap((key) =>
    config.agent[key].flatMap((path) => {
      const why = whyNotShown(absolute(path, userHome), options, machine);
      return why === null ? [] : [`agent.${key}: agents cannot see ${path}, because it ${why}`];
    }),
  );
}

/**
 * Return one line for each entry of `agent.write` that is read-only, because an agent in a sandbox could replace a program there that tac8
 * starts outside of the sandbox. It only reads links and types of paths.
 */
export function replaceable({ config, own }: Pick<AgentViewOptions, "config" | "own">, machine: Machine): string[] {
  const userHome = config.agentEnv["HOME"] || null;
  const options = { userHome, secret: secretPaths(config) };
  return config.agent.write.flatMap((entry) => {
    const written = absolute(entry, userHome);
    if (whyNotShown(written, options, machine) !== null) return [];
    const found = firstInside(written, outside({ config, own }), machine);
    const why = "with write access, agents could replace programs that tac8 starts";
    return found === null ? [] : [`agent.write: ${entry} is read-only, because it is or holds ${found}: ${why}`];
  });
}

/** Return the files and folders of the programs that tac8 starts outside of sandboxes. */
function outside({ config, own }: Pick<AgentViewOptions, "config" | "own">): string[] {
  return [...(config.agentEnv["PATH"] ?? "").split(delimiter), ...own];
}

/** Advice for a line of `replaceable`. */
export const REPLACEABLE_FIX = "name a smaller folder that holds no programs, or remove the entry";

/** Return absolute paths that no agent in a sandbox may see: the data folder, the configuration, and files with secrets. */
export function secretPaths({ dataFolder, secrets }: Pick<Config, "dataFolder" | "secrets">): string[] {
  return [dataFolder, ...secrets.files.map((path) => resolve(path))];
}

function absolute(path: string, userHome: string | null): string {
  return path.startsWith("~/") ? join(userHome ?? "/nonexistent", path.slice(2)) : path;
}
