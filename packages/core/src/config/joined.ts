import { join } from "node:path";

/** Return the absolute paths of the files in the data folder in which `tac8 join` stores the access to another machine's Redis. */
export function joinFiles(home: string) {
  return {
    /** Its address, `rediss://USER@HOST:PORT`. */
    url: join(home, "redis-url"),
    /** Certificate of its CA. */
    ca: join(home, "redis-ca.pem"),
    /** Password of this machine's ACL user: the stored secret REDIS_PASSWORD. */
    password: join(home, "redis-password"),
  };
}

/** Return the path of the file with the password of Redis's default user, for the programs of this machine, which use its socket. */
export function sharePassword(home: string): string {
  return join(home, "share", "password");
}
