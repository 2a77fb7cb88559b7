import { dirname, isAbsolute, join } from "node:path";
import { findProgram } from "@tac8/core/app/findProgram";
import type { Config } from "@tac8/core/config/resolve";
import type { Mount } from "@tac8/core/isolation/arguments";
import { agentView } from "@tac8/core/isolation/agentView";
import type { Machine } from "@tac8/core/isolation/view";
import { StepFailure } from "@tac8/core/domain/failures";
import type { SideOptions } from "../side.ts";

/** A folder of the issue is a link. A mount there would show the link's target. */
export class LinkedRoot extends StepFailure {
  constructor(path: string) {
    super({
      kind: "git",
      message: `${path} is a link, so no sandbox is started: remove the link, then run tac8 retry`,
    });
  }
}

export interface MountOptions extends Pick<SideOptions, "roots" | "objects" | "read"> {
  readonly config: Pick<Config, "agent" | "dataFolder" | "agentEnv" | "secrets" | "worktree">;
  /** Environment of the program. */
  readonly env: Readonly<Record<string, string>>;
  /** The program and its arguments. */
  readonly command: readonly string[];
  /** Files that tac8 itself runs inside. */
  readonly own: readonly string[];
  /** Folder with the files of `/etc` that tac8 creates. */
  readonly etc: string;
  /** Folder of the proxy's socket; null without network access. */
  readonly net: string | null;
}

/** Folder of the proxy's socket inside the sandbox. */
export const NET_FOLDER = "/run/tac8";

/**
 * Return the mounts of an issue's sandbox. Reads this machine's files and changes nothing.
 * @throws LinkedRoot if a folder of the issue is a link, or a folder of tac8 above it is a link
 */
export function mountsOf(options: MountOptions, machine: Machine): Mount[] {
  for (const root of options.roots) assertPlain(root, options, machine);
  const { config, env, command, own, etc, net } = options;
  const [name = "", ...args] = command;
  const program = findProgram(name, { path: env["PATH"] ?? "", cwd: "/" });
  const programs = [...(program === null ? [] : [program]), ...own, ...args.filter(isAbsolute)];
  const view = agentView({ config, env, programs, own }, machine);
  const there = (path: string): boolean => machine.kindOf(path) !== null;
  const read = (path: string, from = path): Mount[] => (there(from) ? [{ kind: "read", path, from }] : []);
  return [
    ...view,
    ...["passwd", "group", "hosts"].flatMap((file) => read(join("/etc", file), join(etc, file))),
    ...[options.objects, ...options.read].flatMap((path) => read(path)),
    ...(net === null ? [] : read(NET_FOLDER, net)),
    ...options.roots.filter(there).map((path) => ({ kind: "write" as const, path })),
  ];
}

function assertPlain(root: string, { config }: MountOptions, machine: Machine): void {
  const { dataFolder, worktree } = config;
  for (let path = root; path !== dataFolder && path !== worktree.base_dir && path !== "/"; path = dirname(path)) {
    if (machine.linkOf(path) !== null) throw new LinkedRoot(path);
  }
}
