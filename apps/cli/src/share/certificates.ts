import { messageOf } from "@tac8/core/domain/messageOf";
import { findProgram } from "@tac8/core/app/findProgram";
import { readOrNull, type shareFiles } from "@tac8/core/share/files";
import { execFile } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { chmod, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Context } from "../context/context.ts";
import { Problem } from "../problems/problem.ts";

type Files = ReturnType<typeof shareFiles>;

const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
/** Ten years, because certificates are not renewed; `tac8 unshare --all` removes them. */
const DAYS = "3650";
const ANSWER_MS = 60_000;
const CA_TEXT = ["basicConstraints=critical,CA:TRUE,pathlen:0", "keyUsage=critical,keyCertSign,cRLSign"];
const SERVER_TEXT = "basicConstraints=critical,CA:FALSE\nextendedKeyUsage=serverAuth\n";

/**
 * Create the CA and the certificate for the address and the names of the host, if they are missing or for another address. openssl
 * signs them, because Node can only verify certificates. @returns the fingerprint of the CA: SHA-256 of its DER, in hex
 * @throws Problem if openssl is missing or fails
 */
export async function makeCertificates(
  { env }: Pick<Context, "env">,
  given: { readonly files: Files; readonly address: string; readonly host: string },
): Promise<string> {
  const { files, address, host } = given;
  const program = findProgram("openssl", { path: env["PATH"] ?? "", cwd: "/" });
  const ca = parse(files.ca);
  const server = parse(files.cert);
  if (ca !== null && server?.checkIP(address) !== undefined && server.verify(ca.publicKey)) return fingerprintOf(ca);
  if (program === null)
    throw new Problem("openssl, which creates the certificates, was not found: sudo apt-get install openssl");
  const dir = await mkdtemp(join(files.folder, "new-"));
  const openssl = (...args: string[]) => promisify(execFile)(program, args, { cwd: dir, timeout: ANSWER_MS });
  try {
    if (ca === null) {
      const texts = CA_TEXT.flatMap((text) => ["-addext", text]);
      const subject = ["-subj", "/CN=CA of a tac8", "-days", DAYS];
      await openssl("req", "-x509", ...NEW_KEY, "-keyout", "ca.key", "-out", "ca.pem", ...subject, ...texts);
      await moveIn(join(dir, "ca.key"), files.caKey);
      await moveIn(join(dir, "ca.pem"), files.ca);
    }
    const names = [`IP:${address}`, ...namesOf(host).map((name) => `DNS:${name}`)];
    await writeFile(join(dir, "server.ext"), `${SERVER_TEXT}subjectAltName=${names.join(",")}\n`);
    await openssl("req", ...NEW_KEY, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=Redis of a tac8");
    const by = ["-CA", files.ca, "-CAkey", files.caKey, "-set_serial", `0x${randomSerial()}`];
    const signed = ["-in", "server.csr", "-out", "server.pem", "-extfile", "server.ext", "-days", DAYS];
    await openssl("x509", "-req", ...signed, ...by);
    // The chain includes the CA, whose fingerprint the other machines know.
    const chain = `${await readFile(join(dir, "server.pem"), "utf8")}${await readFile(files.ca, "utf8")}`;
    await writeFile(join(dir, "server.pem"), chain);
    await moveIn(join(dir, "server.key"), files.key);
    await moveIn(join(dir, "server.pem"), files.cert);
    return fingerprintOf(new X509Certificate(await readFile(files.ca)));
  } catch (error) {
    throw new Problem(
      `openssl could not create the certificates in ${files.folder}: ${messageOf(error).split("\n", 1)[0] ?? ""}`,
      {
        cause: error,
      },
    );
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** Return the SHA-256 of a certificate's DER, in hex. */
export function fingerprintOf(certificate: { readonly fingerprint256: string }): string {
  return certificate.fingerprint256.replaceAll(":", "").toLowerCase();
}

/** Return the names by which clients may find the machine. */
function namesOf(host: string): string[] {
  return /^[a-z0-9-]{1,63}$/i.test(host) ? [host, `${host}.local`] : [];
}

function randomSerial(): string {
  return `1${Buffer.from(crypto.getRandomValues(new Uint8Array(15))).toString("hex")}`;
}

async function moveIn(from: string, to: string): Promise<void> {
  await chmod(from, 0o600);
  await rename(from, to);
}

/** Read a certificate; null: it is missing or invalid. */
function parse(path: string): X509Certificate | null {
  const text = readOrNull(path);
  try {
    return text === null ? null : new X509Certificate(text);
  } catch {
    return null;
  }
}
