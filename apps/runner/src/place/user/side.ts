import { messageOf } from "@tac8/core/domain/messageOf";
import { chmodSync, existsSync, lstatSync, renameSync } from "node:fs";
import { once } from "node:events";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import type { Config } from "@tac8/core/config/resolve";
import { execa } from "execa";
import { hold, Launched, order, type Hold } from "@tac8/core/isolation/launcher/client";
import { StepFailure } from "@tac8/core/domain/failures";
import type { Logger } from "@tac8/core/log/logger";
import { startEgress } from "../../egress/start.ts";
import { localFiles } from "../../files/local.ts";
import { sizeOf } from "../../files/size.ts";
import { ofUser } from "../../process/members.ts";
import type { Confinement } from "../helper/confined.ts";
import { egressOptions } from "../egressOptions.ts";
import { launched } from "../helper/child.ts";
import { HELPER_PROGRAM } from "../helper/client.ts";
import type { SideOptions } from "../side.ts";
import { ownedFiles } from "./files.ts";
import type { AgentIdBook } from "./ids.ts";

export interface Users {
  readonly config: Config;
  readonly log: Logger;
  /** Path of the launcher's socket. */
  readonly socket: string;
  readonly ids: AgentIdBook;
  /** Take from all other users what is in the data folder but the ways to agents' folders. */
  readonly closeDataFolder: () => void;
}

/** Their home folder and names are their own; the system may know no account of their user id. */
const USER = "agent";
/** For one program over a whole tree. */
const CHORE_MS = 15 * 60_000;
/** tac8 itself has written it, from texts of bounded length. */
const MAX_PROMPT = 64 * 1024 * 1024;

/** The helper and the agents of one issue run as a user of its own, which its folders belong to. */
export function userConfinement(options: SideOptions, users: Users): Confinement {
  const { config, log, socket, ids } = users;
  const { roots, objects, beside = [] } = options;
  let uid: Promise<number> | null = null;
  /** The same, when it is known. */
  let known: number | null = null;
  let held: Promise<Hold> | null = null;
  /** Aborted at its close: whoever works on the issue then must be the only one who gives its folders away. */
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

  /** Of an issue whose folders are ready. */
  function knownUid(): number {
    if (known === null) throw new Error("an agent is to start before its user id is known: this is a defect");
    return known;
  }

  /** Nobody else's processes have the user id, and its folders and the mirror's objects can be reached. */
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
    for (const root of roots) openWayTo(root, config);
    await share(dirname(objects));
    end.signal.throwIfAborted();
    held ??= take().catch((error: unknown) => {
      held = null;
      throw error;
    });
    await held;
    for (const root of roots) {
      await adopt(root);
      await shut(root);
    }
  }

  /** An agent may have opened its folder to all users: those of other issues are such. */
  async function shut(root: string): Promise<void> {
    const found = lstatSync(root, { throwIfNoEntry: false });
    if (found?.isDirectory() === true && (found.mode & 0o007) !== 0 && isAgents(root))
      await perform(["chmod", "0710", root]);
  }

  async function take(): Promise<Hold> {
    const id = await uidOf();
    try {
      return await hold(socket, { uid: id, lockFile: ids.lockFile(id) });
    } catch (error) {
      const message = messageOf(error);
      throw new StepFailure({ kind: "git", message }, { cause: error });
    }
  }

  async function makeRoot(root: string): Promise<void> {
    openWayTo(root, config);
    await order(socket, { op: "make", uid: await uidOf(), path: root });
  }

  /**
   * Give a folder from before agents were users of their own to the user: by a copy beside it that takes its place, as
   * nobody can give a file away. Until then the folder stays as it is; an interrupted one begins again.
   */
  async function adopt(root: string): Promise<void> {
    end.signal.throwIfAborted();
    const { fresh, former } = besideOf(root);
    if (existsSync(former)) await localFiles.remove(former); // The folder itself is whole.
    if (!isOurFolder(root)) return;
    await clear(fresh);
    await execa("chmod", ["-R", "u+rwX,g+rX", "--", root], { cancelSignal: end.signal });
    try {
      await order(socket, { op: "make", uid: await uidOf(), path: fresh });
      await order(socket, { op: "copy", uid: await uidOf(), from: root, to: fresh }, end.signal);
      await perform(["chmod", "0710", fresh]); // The copy has the mode of what was copied.
      end.signal.throwIfAborted();
    } catch (error) {
      if (!end.signal.aborted) await clear(fresh).catch(() => undefined); // The disk may be full.
      throw error;
    }
    renameSync(root, former);
    renameSync(fresh, root);
    log.info(`${root} belongs to a user of its issue now`);
    await localFiles.remove(former);
  }

  /** Remove a copy that was not finished. */
  async function clear(fresh: string): Promise<void> {
    if (!existsSync(fresh)) return;
    await perform(["sh", "-c", 'chmod -R u+rwX -- "$1" && find "$1" -mindepth 1 -delete', "sh", fresh]);
    await localFiles.removeEmpty(fresh);
  }

  /** Agents of the repository read its mirror. It is made by the first run, and made again when it is damaged. */
  async function share(mirror: string): Promise<void> {
    const found = lstatSync(mirror, { throwIfNoEntry: false });
    if (found?.isDirectory() !== true) return;
    openWayTo(mirror, config);
    const gid = await ids.idOf([mirror], "gid", end.signal);
    if (found.gid !== gid) {
      // One from before agents were users of their own is closed to all, down to each object.
      await execa("chmod", ["-R", "go+rX", "--", objects]);
      await order(socket, { op: "share", gid, path: mirror });
    }
    for (const folder of ["info", "pack", "."]) chmodSync(join(objects, folder), 0o755);
    chmodSync(mirror, 0o750);
  }

  /** What a program prints, which runs as the user, and its exit code. */
  async function output(
    program: readonly string[],
  ): Promise<{ readonly printed: string; readonly code: number | null }> {
    const env = { PATH: config.agentEnv["PATH"] ?? "" };
    const child = new Launched(socket, { uid: await uidOf(), groups: [], program, env, cwd: "/" });
    const late = setTimeout(() => child.kill("SIGKILL"), CHORE_MS);
    try {
      const printed = text(child.stdout);
      child.stderr.resume(); // An agent can make it say any amount.
      child.stdin.end();
      await once(child, "exit");
      return { printed: await printed, code: child.exitCode };
    } finally {
      clearTimeout(late);
    }
  }

  async function perform(program: readonly string[]): Promise<void> {
    const { code } = await output(program);
    if (code !== 0) throw new Error(`${program[0]} as the issue's user ended with ${code ?? "a signal"}`);
  }

  const isAgents = (path: string): boolean => ids.has(lstatSync(path, { throwIfNoEntry: false })?.uid ?? 0);

  const groups = (): number[] => {
    const gid = lstatSync(dirname(objects), { throwIfNoEntry: false })?.gid;
    return gid !== undefined && ids.has(gid) ? [gid] : [];
  };

  return {
    isRoot: false,
    sharesNetwork: true,
    // Another mirror has to be shared first.
    key: () => String(lstatSync(dirname(objects), { throwIfNoEntry: false })?.ino ?? "-"),
    startHelper(env) {
      const given = { program: HELPER_PROGRAM, env, cwd: "/" };
      const prepared = async () => {
        await ready();
        return { ...given, uid: await uidOf(), groups: groups() };
      };
      return launched(new Launched(socket, prepared()));
    },
    async admit(request, files) {
      // The prompt lies in a folder that is tac8's alone.
      const prompt = await localFiles.readFile(request.promptFile, MAX_PROMPT);
      if (prompt === null) return request;
      const promptFile = join(dirname(request.outputFile), "prompt.md");
      await files.remove(promptFile);
      await files.writeFile(promptFile, prompt, 0o600);
      return { ...request, promptFile };
    },
    async openWay(request) {
      await ready();
      const env = { ...request.env, USER, LOGNAME: USER, TMPDIR: request.env["CLAUDE_CODE_TMPDIR"] ?? "/tmp" };
      return startEgress({
        ...egressOptions(request, { config, log }),
        folder: null,
        port: 0,
        uid: knownUid(),
        env,
      });
    },
    launch: () => ({
      commandOf: (program) => program,
      sandbox: null,
      launcher: { socket, uid: knownUid(), groups: groups() },
      endOf: (exit) => exit,
      membersOf: () => ofUser(knownUid()),
    }),
    files: (parts) =>
      ownedFiles({
        roots,
        beside,
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
      const { printed } = await output(["du", "--summarize", "--one-file-system", "--block-size=1", "--", ...theirs]);
      return ours + [...printed.matchAll(/^(\d+)\t/gm)].reduce((sum, [, bytes]) => sum + Number(bytes), 0);
    },
    needsHandOver: () => roots.some(isOurFolder),
    async close() {
      end.abort(new Error("the work on the issue has ended"));
      const before = held;
      held = null;
      await (await before?.catch(() => null))?.release();
      await Promise.allSettled(preparing);
    },
  };
}

/** From before agents were users of their own. */
function isOurFolder(root: string): boolean {
  const found = lstatSync(root, { throwIfNoEntry: false });
  return found?.isDirectory() === true && found.uid === process.getuid?.();
}

/** Names beside a folder: of a copy that is being made, and of what it has taken the place of. */
function besideOf(root: string): { readonly fresh: string; readonly former: string } {
  return { fresh: `${root}.adopting`, former: `${root}.former` };
}

/** A runner that died between the two renamings has left nothing at the folder's own name. */
function finishSwap(root: string): void {
  const { fresh, former } = besideOf(root);
  if (existsSync(root) || !existsSync(former)) return;
  renameSync(existsSync(fresh) ? fresh : former, root);
}

/**
 * Let other users pass through the folders above one, up to tac8's own top ones, and its group write to the nearest: that is how the
 * launcher makes a folder there as another user.
 */
function openWayTo(path: string, { home, worktree }: Pick<Config, "home" | "worktree">): void {
  for (let folder = dirname(path), nearest = true; folder !== "/"; folder = dirname(folder), nearest = false) {
    const found = lstatSync(folder, { throwIfNoEntry: false });
    if (found !== undefined && found.uid === process.getuid?.()) {
      const mode = found.mode | 0o011 | (nearest ? 0o020 : 0);
      if (mode !== found.mode) chmodSync(folder, mode & 0o7777);
    }
    if (folder === home || folder === worktree.base_dir) return;
  }
}
