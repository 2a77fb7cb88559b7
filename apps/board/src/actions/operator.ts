import type { Request } from "express";
import { clean, clip } from "@tac8/core/domain/plainText";

const MAX_NAME = 40;

/** Who pressed the button, for the log: the user name that was typed with the password, where there is one. */
export function operatorOf({ headers }: Pick<Request, "headers">): string {
  const encoded = /^basic ([a-z0-9+/_=-]{1,4096})$/i.exec(headers.authorization ?? "")?.[1] ?? "";
  const [user = ""] = Buffer.from(encoded, "base64").toString("utf8").split(":", 1);
  const name = clip(clean(user).trim(), MAX_NAME);
  return name === "" ? "board" : `${name}@board`;
}
