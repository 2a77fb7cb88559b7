import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { connect, type DetailedPeerCertificate } from "node:tls";
import { redisErrorText } from "@tac8/core/queue/redisErrors";
import { MayPass, Problem } from "../problems/problem.ts";
import { fingerprintOf } from "../share/certificates.ts";

const ANSWER_MS = 10_000;
const MAX_CHAIN = 8;

/**
 * Return the certificate of the CA with this fingerprint, as PEM, from the certificate chain of the server. No data is sent to the
 * server. The connection that follows verifies its own certificate.
 * @throws Problem if the server does not respond, or has another CA
 */
export async function fetchCa(given: { host: string; port: number; fingerprint: string }): Promise<string> {
  const { host, port, fingerprint } = given;
  const where = `${host}:${port}`;
  const servername = isIP(host) === 0 ? { servername: host } : {};
  const socket = connect({ host, port, rejectUnauthorized: false, timeout: ANSWER_MS, ...servername });
  try {
    const chain = await new Promise<Buffer[]>((resolve, reject) => {
      socket.once("secureConnect", () => resolve(chainOf(socket.getPeerCertificate(true))));
      socket.once("timeout", () => reject(new Error(`no response within ${ANSWER_MS / 1000} s`)));
      socket.once("error", reject);
    });
    const ca = chain.map((der) => new X509Certificate(der)).find((one) => fingerprintOf(one) === fingerprint);
    if (ca !== undefined) return ca.toString();
  } catch (error) {
    const why = error instanceof Error ? redisErrorText(error) : String(error);
    throw new MayPass(`${where} does not respond (${why}): check that tac8 is running there, and the address`, {
      cause: error,
    });
  } finally {
    socket.destroy();
  }
  throw new Problem(
    `the server at ${where} is not the one that issued the token: its CA differs, so nothing was sent to it`,
  );
}

function chainOf(leaf: DetailedPeerCertificate): Buffer[] {
  const chain: Buffer[] = [];
  for (let one = leaf; one?.raw !== undefined && chain.length < MAX_CHAIN; one = one.issuerCertificate) {
    chain.push(one.raw);
    if (one.issuerCertificate === one) break;
  }
  return chain;
}
