import { join } from "node:path";

/** Return the absolute paths of the files in the data folder in which `tac8 join` stores the access to another machine's Redis. */
export function joinFiles(dataFolder: string) {
  return {
    /** Its address, `rediss://USER@HOST:PORT`. */
    url: join(dataFolder, "redis-url"),
    /** Certificate of its CA. */
    ca: join(dataFolder, "redis-ca.pem"),
    /** Password of this machine's ACL user: the stored secret REDIS_PASSWORD. */
    password: join(dataFolder, "redis-password"),
  };
}

/** Return the path of the file with the password of Redis's default user, for the programs of this machine, which use its socket. */
export function sharePassword(dataFolder: string): string {
  return join(dataFolder, "share", "password");
}
