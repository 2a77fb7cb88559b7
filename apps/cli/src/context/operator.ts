import { hostname } from "node:os";
import type { Context } from "./context.ts";
import { plain } from "../terminal/text.ts";

const MAX = 60;

/** Return the operator for the event log: `user@host`. With sudo, it is the user who called it. */
export function operatorOf({ env }: Pick<Context, "env">): string {
  const user = env["SUDO_USER"] || env["USER"] || env["LOGNAME"] || "someone";
  return `${plain(user).slice(0, MAX)}@${hostname().slice(0, MAX)}`;
}
