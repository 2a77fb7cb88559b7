/** The secret that `tac8 join` needs. */
export interface JoinToken {
  /** SHA-256 of the CA's certificate (DER), hex. */
  readonly fingerprint: string;
  /** Password of the machine's ACL user. */
  readonly password: string;
}

const FORM = /^tac8-1\.([\w-]{43})\.([\w-]{43})$/;

/** Return one line to paste, with the password and the fingerprint of the CA, which keeps the password from other servers. Pure. */
export function writeToken({ fingerprint, password }: JoinToken): string {
  return `tac8-1.${Buffer.from(fingerprint, "hex").toString("base64url")}.${password}`;
}

/** Parse a token; null: it is invalid. Pure. */
export function parseToken(text: string): JoinToken | null {
  const [, fingerprint, password] = FORM.exec(text.trim()) ?? [];
  if (fingerprint === undefined || password === undefined) return null;
  return { fingerprint: Buffer.from(fingerprint, "base64url").toString("hex"), password };
}
