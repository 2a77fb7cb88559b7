import type { Request } from "express";
import { clean, clip } from "@tac8/core/domain/plainText";

const MAX_NAME = 40;

/** Return the operator for the event log: the user name of HTTP Basic authentication, or `board` if there is none. */
export function operatorOf({ headers }: Pick<Request, "headers">): string {
  const encoded = /^basic ([a-z0-9+/_=-]{1,4096})$/i.exec(headers.authorization ?? "")?.[1] ?? "";
  const [user = ""] = Buffer.from(encoded, "base64").toString("utf8").split(":", 1);
  const name = clip(clean(user).trim(), MAX_NAME);
  return name === "" ? "board" : `${name}@board`;
}
