/** What `tac8 join` needs to know, and nobody else. */
export interface JoinToken {
  /** SHA-256 of the CA's certificate (DER), hex. */
  readonly fingerprint: string;
  /** Of the machine's ACL user. */
  readonly password: string;
}

const FORM = /^tac8-1\.([\w-]{43})\.([\w-]{43})$/;

/** One line to paste: the fingerprint of the CA, so that no other server can take the password, and the password. Pure. */
export function writeToken({ fingerprint, password }: JoinToken): string {
  return `tac8-1.${Buffer.from(fingerprint, "hex").toString("base64url")}.${password}`;
}

/** Null: it is no token. Pure. */
export function parseToken(text: string): JoinToken | null {
  const [, fingerprint, password] = FORM.exec(text.trim()) ?? [];
  if (fingerprint === undefined || password === undefined) return null;
  return { fingerprint: Buffer.from(fingerprint, "base64url").toString("hex"), password };
}
