import { messageOf } from "@tac8/core/domain/messageOf";
import { chmodSync, existsSync, lstatSync, renameSync } from "node:fs";
import { once } from "node:events";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import type { Config } from "@tac8/core/config/resolve";
import { execa } from "execa";
import { holdUser, LaunchedProgram, sendRequest, type HeldUser } from "@tac8/core/isolation/launcher/client";
import { StepFailure } from "@tac8/core/domain/failures";
import { startEgress } from "../../egress/start.ts";
import { localFiles } from "../../files/local.ts";
import { sizeOf } from "../../files/size.ts";
import { ofUser } from "../../process/members.ts";
import type { Confinement } from "../helper/confined.ts";
import { egressOptions, type EgressParts } from "../egressOptions.ts";
import { launched } from "../helper/child.ts";
import { HELPER_PROGRAM } from "../helper/client.ts";
import type { SideOptions } from "../side.ts";
import { ownedFiles } from "./files.ts";
import type { AgentIdBook } from "./ids.ts";

export interface Users extends EgressParts {
  /** Path of the launcher's socket. */
  readonly socket: string;
  readonly ids: AgentIdBook;
  /** Close the data folder to all other users, except the paths to the agents' folders. */
  readonly closeDataFolder: () => void;
}

/** Name of the agents' user. The system may have no account with its user id. */
const USER = "agent";
/** Time limit for one program that processes a whole tree. */
const CHORE_MS = 15 * 60_000;
/** Limit of a prompt. tac8 writes it from texts of bounded length. */
const MAX_PROMPT = 64 * 1024 * 1024;

/** Confine the helper and the agents of one issue: they run as the issue's own user, which owns its folders. */
export function userConfinement(options: SideOptions, users: Users): Confinement {
  const { config, log, socket, ids } = users;
  const { roots, objects, otherFiles = [] } = options;
  let uid: Promise<number> | null = null;
  /** The user id, when it is known. */
  let known: number | null = null;
  let held: Promise<HeldUser> | null = null;
  /** Aborted when the side is closed, because only one process at a time may hand over the issue's folders. */
  const end = new AbortController();
  const preparing = new Set<Promise<void>>();
  for (const root of roots) finishSwap(root);

  function uidOf(): Promise<number> {
    uid ??= findUid().catch((error: unknown) => {
      uid = null;
      throw error;
    });
    return uid;
  }

  async function findUid(): Promise<number> {
    known = await ids.idOf(roots, "uid", end.signal);
    return known;
  }

  /** Return the user id of an issue whose folders are ready. */
  function knownUid(): number {
    if (known === null) throw new Error("an agent was started before its user id is known: this is a bug in tac8");
    return known;
  }

  /** Prepare the issue's user: no other process has its user id, and it can reach its folders and the mirror's objects. */
  async function ready(): Promise<void> {
    const done = prepare();
    preparing.add(done);
    try {
      await done;
    } finally {
      preparing.delete(done);
    }
  }

  async function prepare(): Promise<void> {
    end.signal.throwIfAborted();
    users.closeDataFolder();
    for (const root of roots) letUsersPassTo(root, config);
    await share(dirname(objects));
    end.signal.throwIfAborted();
    held ??= take().catch((error: unknown) => {
      held = null;
      throw error;
    });
    await held;
    for (const root of roots) {
      await handOverFolder(root);
      await closeToOthers(root);
    }
  }

  /** Close a root to other users. An agent may have opened it, and the agents of other issues are other users. */
  async function closeToOthers(root: string): Promise<void> {
    const found = lstatSync(root, { throwIfNoEntry: false });
    if (found?.isDirectory() === true && (found.mode & 0o007) !== 0 && isAgents(root))
      await runAsUser(["chmod", "0710", root]);
  }

  async function take(): Promise<HeldUser> {
    const id = await uidOf();
    try {
      return await holdUser(socket, { uid: id, lockFile: ids.lockFile(id) });
    } catch (error) {
      const message = messageOf(error);
      throw new StepFailure({ kind: "git", message }, { cause: error });
    }
  }

  async function makeRoot(root: string): Promise<void> {
    letUsersPassTo(root, config);
    await sendRequest(socket, { op: "make", uid: await uidOf(), path: root });
  }

  /**
   * Hand over a folder of a run in another mode, in which agents were not separate users, to the issue's user. Only root can change the
   * owner of a file, so a copy beside the folder replaces it. Until then the folder is unchanged. An interrupted handover restarts.
   */
  async function handOverFolder(root: string): Promise<void> {
    end.signal.throwIfAborted();
    const { fresh, former } = handOverNames(root);
    if (existsSync(former)) await localFiles.remove(former); // The folder itself is complete.
    if (!isOurFolder(root)) return;
    await clear(fresh);
    await execa("chmod", ["-R", "u+rwX,g+rX", "--", root], { cancelSignal: end.signal });
    try {
      await sendRequest(socket, { op: "make", uid: await uidOf(), path: fresh });
      await sendRequest(socket, { op: "copy", uid: await uidOf(), from: root, to: fresh }, end.signal);
      await runAsUser(["chmod", "0710", fresh]); // The copy has the mode of the original.
      end.signal.throwIfAborted();
    } catch (error) {
      if (!end.signal.aborted) await clear(fresh).catch(() => undefined); // The disk may be full.
      throw error;
    }
    renameSync(root, former);
    renameSync(fresh, root);
    log.info(`handed over ${root} to the user of its issue`);
    await localFiles.remove(former);
  }

  /** Remove an unfinished copy. */
  async function clear(fresh: string): Promise<void> {
    if (!existsSync(fresh)) return;
    await runAsUser(["sh", "-c", 'chmod -R u+rwX -- "$1" && find "$1" -mindepth 1 -delete', "sh", fresh]);
    await localFiles.removeEmpty(fresh);
  }

  /** Share the mirror with the repository's agents, which read its objects. A new or repaired mirror has to be shared again. */
  async function share(mirror: string): Promise<void> {
    const found = lstatSync(mirror, { throwIfNoEntry: false });
    if (found?.isDirectory() !== true) return;
    letUsersPassTo(mirror, config);
    const gid = await ids.idOf([mirror], "gid", end.signal);
    if (found.gid !== gid) {
      // In a mirror of a time in which agents were not separate users, even each object is closed to other users.
      await execa("chmod", ["-R", "go+rX", "--", objects]);
      await sendRequest(socket, { op: "share", gid, path: mirror });
    }
    for (const folder of ["info", "pack", "."]) chmodSync(join(objects, folder), 0o755);
    chmodSync(mirror, 0o750);
  }

  /** Run a program as the issue's user. @returns its output and exit code */
  async function outputAsUser(
    program: readonly string[],
  ): Promise<{ readonly printed: string; readonly code: number | null }> {
    const env = { PATH: config.agentEnv["PATH"] ?? "" };
    const child = new LaunchedProgram(socket, { uid: await uidOf(), groups: [], program, env, cwd: "/" });
    const late = setTimeout(() => child.kill("SIGKILL"), CHORE_MS);
    try {
      const printed = text(child.stdout);
      child.stderr.resume(); // An agent can make the program print any amount.
      child.stdin.end();
      await once(child, "exit");
      return { printed: await printed, code: child.exitCode };
    } finally {
      clearTimeout(late);
    }
  }

  async function runAsUser(program: readonly string[]): Promise<void> {
    const { code } = await outputAsUser(program);
    if (code !== 0)
      throw new Error(
        `${program[0]}, run as the issue's user, ended with ${code === null ? "a signal" : `exit code ${code}`}`,
      );
  }

  const isAgents = (path: string): boolean => ids.has(lstatSync(path, { throwIfNoEntry: false })?.uid ?? 0);

  const groups = (): number[] => {
    const gid = lstatSync(dirname(objects), { throwIfNoEntry: false })?.gid;
    return gid !== undefined && ids.has(gid) ? [gid] : [];
  };

  return {
    isRoot: false,
    sharesNetwork: true,
    // A new mirror has another inode, and so another key: the caller then starts a new helper, which shares the new mirror first.
    key: () => String(lstatSync(dirname(objects), { throwIfNoEntry: false })?.ino ?? "-"),
    startHelper(env) {
      const given = { program: HELPER_PROGRAM, env, cwd: "/" };
      const prepared = async () => {
        await ready();
        return { ...given, uid: await uidOf(), groups: groups() };
      };
      return launched(new LaunchedProgram(socket, prepared()));
    },
    async adaptRequest(request, files) {
      // The prompt is in a folder that only tac8 can enter.
      const prompt = await localFiles.readFile(request.promptFile, MAX_PROMPT);
      if (prompt === null) return request;
      const promptFile = join(dirname(request.outputFile), "prompt.md");
      await files.remove(promptFile);
      await files.writeFile(promptFile, prompt, 0o600);
      return { ...request, promptFile };
    },
    async openProxy(request) {
      await ready();
      const env = { ...request.env, USER, LOGNAME: USER, TMPDIR: request.env["CLAUDE_CODE_TMPDIR"] ?? "/tmp" };
      return startEgress({
        ...egressOptions(request, users),
        folder: null,
        port: 0,
        uid: knownUid(),
        env,
      });
    },
    launch: () => ({
      commandOf: (program) => program,
      starter: { launcher: { socket, uid: knownUid(), groups: groups() } },
      endOf: (exit) => exit,
      membersOf: () => ofUser(knownUid()),
    }),
    files: (parts) =>
      ownedFiles({
        roots,
        otherFiles,
        local: localFiles,
        ...parts,
        isAgents,
        makeRoot,
      }),
    async sizeOf(paths) {
      const theirs = paths.filter(isAgents);
      const ours = await sizeOf(
        localFiles,
        paths.filter((path) => !isAgents(path)),
      );
      if (theirs.length === 0) return ours;
      await ready();
      const { printed } = await outputAsUser([
        "du",
        "--summarize",
        "--one-file-system",
        "--block-size=1",
        "--",
        ...theirs,
      ]);
      return ours + [...printed.matchAll(/^(\d+)\t/gm)].reduce((sum, [, bytes]) => sum + Number(bytes), 0);
    },
    needsHandOver: () => roots.some(isOurFolder),
    async close() {
      end.abort(new Error("the work on the issue was stopped"));
      const before = held;
      held = null;
      await (await before?.catch(() => null))?.release();
      await Promise.allSettled(preparing);
    },
  };
}

/** Return whether a folder belongs to tac8, because a run in another mode created it. */
function isOurFolder(root: string): boolean {
  const found = lstatSync(root, { throwIfNoEntry: false });
  return found?.isDirectory() === true && found.uid === process.getuid?.();
}

/** Return the names beside a folder for the new copy and for the former folder. */
function handOverNames(root: string): { readonly fresh: string; readonly former: string } {
  return { fresh: `${root}.adopting`, former: `${root}.former` };
}

/** Finish the replacement of a folder by a runner that died between the two renames. */
function finishSwap(root: string): void {
  const { fresh, former } = handOverNames(root);
  if (existsSync(root) || !existsSync(former)) return;
  renameSync(existsSync(fresh) ? fresh : former, root);
}

/**
 * Let other users pass through the folders above a path, up to tac8's top folders, and let the group write to the nearest folder.
 * The launcher needs this to create a folder there as another user.
 */
function letUsersPassTo(path: string, { dataFolder, worktree }: Pick<Config, "dataFolder" | "worktree">): void {
  for (let folder = dirname(path), nearest = true; folder !== "/"; folder = dirname(folder), nearest = false) {
    const found = lstatSync(folder, { throwIfNoEntry: false });
    if (found !== undefined && found.uid === process.getuid?.()) {
      const mode = found.mode | 0o011 | (nearest ? 0o020 : 0);
      if (mode !== found.mode) chmodSync(folder, mode & 0o7777);
    }
    if (folder === dataFolder || folder === worktree.base_dir) return;
  }
}
