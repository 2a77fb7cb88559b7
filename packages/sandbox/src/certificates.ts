import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { isIP } from "node:net";
import { join } from "node:path";

/** Paths of PEM files. */
export interface Certificate {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

/** Create a CA in the folder, and a certificate of it for these host names and addresses, valid for two days. */
export function makeCertificate(dir: string, hosts: readonly string[]): Certificate {
  const openssl = (...args: string[]): void => void execFileSync("openssl", args, { cwd: dir, stdio: "ignore" });
  openssl("req", "-x509", ...NEW_KEY, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=tac8 test CA", "-days", "2");
  const names = hosts.map((host) => `${isIP(host) === 0 ? "DNS" : "IP"}:${host}`);
  writeFileSync(join(dir, "server.ext"), `subjectAltName=${names.join(",")}\n`);
  openssl("req", ...NEW_KEY, "-keyout", "server.key", "-out", "server.csr", "-subj", `/CN=${hosts[0] ?? "server"}`);
  const by = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "server.ext", "-days", "2"];
  openssl("x509", "-req", "-in", "server.csr", "-out", "server.pem", ...by);
  return { ca: join(dir, "ca.pem"), cert: join(dir, "server.pem"), key: join(dir, "server.key") };
}
