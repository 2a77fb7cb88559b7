import { closeSync, constants, fchmodSync, fstatSync, mkdirSync, openSync, rmSync } from "node:fs";
import { once } from "node:events";
import type { AddressInfo, Server } from "node:net";
import type { EgressOptions } from "./open.ts";

/** Socket of a server: `<folder>/s`, however long the path of the folder is. */
export interface SocketFolder {
  /** Close the server, remove the socket, and close the folder. */
  close(): Promise<void>;
}

const NAME = "s";

/** Listen, and return the port of loopback on which agents reach the server. */
export async function listenOn(
  { folder, port }: Pick<EgressOptions, "folder" | "port">,
  server: Server,
): Promise<SocketFolder & { readonly port: number }> {
  if (folder !== null) return { ...(await listenIn(folder, server)), port };
  server.listen({ host: "127.0.0.1", port });
  await once(server, "listening");
  let closed: Promise<void> | null = null;
  return {
    port: (server.address() as AddressInfo).port,
    close: () => (closed ??= new Promise((resolve) => server.close(() => resolve()))),
  };
}

/**
 * Listen on `<folder>/s`. The path of a Unix socket has at most 107 bytes, so the folder is opened and the socket is
 * named by its descriptor. The socket of a runner that was killed is removed.
 * @param folder absolute; created if it is missing, only for its owner
 */
export async function listenIn(folder: string, server: Server): Promise<SocketFolder> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const fd = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    const { uid } = fstatSync(fd);
    if (process.getuid !== undefined && uid !== process.getuid()) {
      throw new Error(`the folder ${folder} belongs to another user: remove it`);
    }
    fchmodSync(fd, 0o700);
    const path = `/proc/self/fd/${fd}/${NAME}`;
    rmSync(path, { force: true });
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen({ path }, () => {
        server.off("error", reject);
        resolve();
      });
    });
    let closed: Promise<void> | null = null;
    return {
      close: () =>
        (closed ??= new Promise<void>((resolve) => {
          server.close(() => {
            // After the close, because the server removes its socket by the path, which has this descriptor.
            rmSync(path, { force: true });
            closeSync(fd);
            resolve();
          });
        })),
    };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}
