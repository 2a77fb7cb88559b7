import { join } from "node:path";

/** Where `tac8 join` puts what leads to another machine's Redis: absolute paths in the data folder. */
export function joinFiles(home: string) {
  return {
    /** Its address, `rediss://USER@HOST:PORT`. */
    url: join(home, "redis-url"),
    /** Certificate of its CA. */
    ca: join(home, "redis-ca.pem"),
    /** Of this machine's ACL user: the stored secret REDIS_PASSWORD. */
    password: join(home, "redis-password"),
  };
}

/** File with the password of Redis' default user: for the programs of this machine, which use its socket. */
export function sharePassword(home: string): string {
  return join(home, "share", "password");
}
