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
