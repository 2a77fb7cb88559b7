import { messageOf } from "../../domain/messageOf.ts";
import { askIds, LauncherUnreachable, sendRequest } from "./client.ts";
import type { AgentIds } from "./protocol.ts";

export type LauncherProbe =
  | { readonly works: true; /** Path of its socket. */ readonly socket: string; readonly ids: AgentIds }
  /** `fix`: advice for the operator. */
  | {
      readonly works: false;
      /** Whether a launcher was started (and does not work). */
      readonly isStarted: boolean;
      readonly why: string;
      readonly fix: string;
    };

/**
 * Check whether the launcher can start a program as an agent's user. `socket` null: there is no launcher.
 * @throws LauncherUnreachable the launcher may become available: as a service, it restarts automatically
 */
export async function probeLauncher(socket: string | null): Promise<LauncherProbe> {
  if (socket === null) {
    return {
      works: false,
      isStarted: false,
      why: "the launcher, which starts agents as separate users, is not running",
      fix: "install tac8 with deploy/install.sh --isolation user, or run it in its container, which starts the launcher",
    };
  }
  try {
    const ids = await askIds(socket);
    await sendRequest(socket, { op: "try" });
    return { works: true, socket, ids };
  } catch (error) {
    if (error instanceof LauncherUnreachable) throw error;
    const why = messageOf(error);
    return {
      works: false,
      isStarted: true,
      why,
      fix: "give the container the capabilities SETUID, SETGID and KILL, and start it as root; as a service, see journalctl -u tac8-launcher",
    };
  }
}
