/** The variable with the path of the launcher's socket. */
export const LAUNCHER_VARIABLE = "TAC8_LAUNCHER";

/** Maximum length of a request or a response, in bytes. An argument may be an agent's prompt. */
export const MAX_LINE = 8 * 1024 * 1024;

/** Range of the user and group ids for agents, both ends included. */
export interface AgentIds {
  readonly first: number;
  readonly last: number;
}

/** A program to start as a user id. */
export interface LaunchOptions {
  readonly uid: number;
  /** Additional groups. */
  readonly groups: readonly number[];
  readonly program: readonly string[];
  /** Its complete environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Absolute. */
  readonly cwd: string;
}

/** The first line of a connection: its request. Each line is one JSON text. */
export type LauncherRequest =
  /** Return the range of ids. */
  | { readonly op: "hello" }
  /** Start a program as the last id. */
  | { readonly op: "try" }
  /**
   * Hold a user id from the response until the connection closes. Processes of earlier holders are dead before the response. `lockFile` excludes
   * launchers of other containers that share it. When the connection closes, all processes of the user id are killed.
   */
  | { readonly op: "hold"; readonly uid: number; readonly lockFile: string }
  /**
   * Start a program as a held user id. Each further line is a `LauncherSignal`. All processes of the user id are dead before the exit is
   * reported, and are killed when the connection closes.
   */
  | ({ readonly op: "run" } & LaunchOptions)
  /**
   * Create a folder that belongs to a user id, in a folder to which the group of tac8's user can write. That group may read the type of a
   * path in it, and no other user can enter it.
   */
  | { readonly op: "make"; readonly uid: number; readonly path: string }
  /**
   * Copy the content of a folder of tac8's user, as far as its group can read it, to a folder of a user id. Links are copied as links. The
   * copy is aborted when the connection closes.
   */
  | { readonly op: "copy"; readonly uid: number; readonly from: string; readonly to: string }
  /** Give a folder of tac8's user to a group. */
  | { readonly op: "share"; readonly gid: number; readonly path: string };

export interface LauncherSignal {
  readonly signal: "SIGTERM" | "SIGKILL";
}

export type LauncherResponse =
  | { readonly failed: string }
  | { readonly ids: AgentIds }
  | { readonly done: true }
  /** Path of a socket for three connections: the program's standard input, standard output and standard error, in this order. */
  | { readonly streams: string }
  | { readonly started: { readonly pid: number } }
  | {
      readonly exit: { readonly code: number | null; readonly signal: string | null };
      /** Processes that were alive after the program's exit and were killed. */
      readonly survivors: number;
      /** Processes that could not be killed. */
      readonly remaining: number;
    };
