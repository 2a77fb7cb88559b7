import { lstatSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import type { AgentRequest } from "../../agent/types.ts";
import { FORWARDER, forwarderCommand } from "../../egress/forwarder/command.ts";
import { startEgress } from "../../egress/start.ts";
import { localFiles } from "../../files/local.ts";
import { sizeOf } from "../../files/size.ts";
import { treeBelow } from "../../process/members.ts";
import type { Confinement } from "../helper/confined.ts";
import { spawned } from "../helper/child.ts";
import { HELPER_PROGRAM } from "../helper/client.ts";
import { egressOptions, type EgressParts } from "../egressOptions.ts";
import type { SideOptions } from "../side.ts";
import { endInside } from "./endInside.ts";
import { USER } from "./etc.ts";
import { NET_FOLDER, type MountOptions } from "./mounts.ts";
import { isVisibleOnPath } from "./isVisibleOnPath.ts";
import { NewFolders, routedFiles } from "./route.ts";

/** View and command of one process inside. */
export interface Inside extends Pick<MountOptions, "roots" | "objects" | "read" | "env" | "command" | "net"> {
  readonly cwd: string;
  readonly nested: boolean;
  /** tac8's own program, which needs less than an agent. */
  readonly isHelper: boolean;
}

export interface Sandboxes extends EgressParts {
  /** User id that processes inside see. */
  readonly uid: number;
  /** Path of bash, which runs their guard. */
  readonly bash: string;
  /** Folder of tac8's own files for sandboxes. */
  readonly folder: string;
  /** Return the command line that starts a program inside. The program and its arguments are appended. */
  readonly launch: (inside: Inside) => string[];
}

/** Port of the proxy on loopback inside, where no other program listens when an agent starts. */
const PORT = 41_080;
/** Descriptor, see `startDirect`. */
const WORDS_FD = 4;

/** Confine the helper and the agents of one issue in sandboxes. */
export function sandboxConfinement(options: SideOptions, sandboxes: Sandboxes): Confinement {
  const { config, uid, bash } = sandboxes;
  const { roots, objects, otherFiles = [], read } = options;
  const net = join(sandboxes.folder, options.name);
  const { insideFd } = options.lock;
  const newFolders = new NewFolders(options.workspace);
  const launch = (inside: Inside): string[] => {
    newFolders.clear();
    return sandboxes.launch(inside);
  };
  return {
    isRoot: uid === 0,
    sharesNetwork: false,
    // A sandbox keeps the folders that it mounted at its start. If one of them has been replaced, the sandbox is out of date.
    key: () => [...roots, objects].map(identityOf).join(" "),
    startHelper(env) {
      const inside = {
        roots,
        objects,
        read: [],
        env,
        command: HELPER_PROGRAM,
        net: null,
        cwd: "/",
        nested: false,
        isHelper: true,
      };
      return spawned({ command: [...launch(inside), ...HELPER_PROGRAM], env, lockFd: insideFd });
    },
    directGit: { mayRun: (dir) => newFolders.mayRunGit(dir, roots.filter(isThere)), lockFd: insideFd },
    hasProgram: (path, name) => isVisibleOnPath(path, name),
    openProxy: (request) =>
      startEgress({
        ...egressOptions(request, sandboxes),
        folder: net,
        port: PORT,
        env: { ...request.env, ...insideEnv(request.env) },
      }),
    launch: ({ env, cwd }: AgentRequest) => ({
      commandOf(program) {
        const { nested_sandbox: nested } = config.agent;
        const inside = { roots, objects, read, env, command: program, net, cwd, nested, isHelper: false };
        const way = { socket: join(NET_FOLDER, "s"), port: PORT };
        const forwarder = { node: process.execPath, file: FORWARDER, way, wordsFd: WORDS_FD, program };
        return [...launch(inside), ...forwarderCommand(forwarder)];
      },
      starter: { insideFd, bash },
      endOf: endInside,
      membersOf: treeBelow,
    }),
    files: ({ inside, beforeChange }) =>
      routedFiles({ roots, otherFiles, local: localFiles, newFolders, data: config.dataFolder, inside, beforeChange }),
    sizeOf: (paths) => sizeOf(localFiles, paths),
    close: () => Promise.resolve(),
  };
}

/** Return the variables that differ inside: the user's name, and paths of folders that are not visible. Pure. */
function insideEnv({ SHELL: shell = "" }: Readonly<Record<string, string>>): Record<string, string> {
  const isSystem = ["/bin", "/usr/bin"].includes(dirname(shell));
  return { USER, LOGNAME: USER, TMPDIR: "/tmp", SHELL: isSystem ? shell : "/bin/sh" };
}

/** Return whether anything is at a path, also a broken link. */
function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function identityOf(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined ? "-" : `${found.dev}:${found.ino}`;
}
