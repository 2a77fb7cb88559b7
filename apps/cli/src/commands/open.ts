import { messageOf } from "@tac8/core/domain/messageOf";
import { addressFor, readBoardAddress } from "@tac8/core/board/address";
import { LINK_MS, createLink } from "@tac8/core/board/links";
import { connect } from "node:net";
import type { Context } from "../context/context.ts";
import { Problem } from "../problems/problem.ts";
import { openOutput } from "../json/open.ts";
import { jsonOf } from "../json/print.ts";
import type { Input } from "../context/program.ts";
import { locate } from "../installation/locate.ts";

const ANSWER_MS = 3000;

/** Print a link that signs in to the board once. Only the link is on standard output, so that other programs can open it. */
export async function open(context: Context, { options }: Input): Promise<number> {
  const { out, err, env, now, command } = context;
  const { homes } = locate(context, options["config"] as string | undefined);
  const found = homes
    .map((dataFolder) => ({ dataFolder, address: readBoardAddress(dataFolder) }))
    .find(({ address }) => address !== null);
  if (!found?.address) {
    throw new Problem(
      `no board has run on the data folder ${homes[0] ?? ""}: run ${command} up, or run this command on the board's machine`,
    );
  }
  const { dataFolder, address } = found;
  if (!(await answers(address.listens))) {
    throw new Problem(`the board does not respond at ${address.listens}: start it, for example with ${command} up`);
  }
  const { url, hint } = addressFor(address, env);
  const link = linkTo(url, { dataFolder, now: now() });
  if (options["json"] === true) {
    out.line(jsonOf(openOutput, { url: link, expires: new Date(now() + LINK_MS).toISOString() }));
    return 0;
  }
  out.line(link);
  err.line(`It signs you in once and expires after ${LINK_MS / 60_000} minutes.${hint === null ? "" : ` ${hint}`}`);
  return 0;
}

function linkTo(url: string, { dataFolder, now }: { dataFolder: string; now: number }): string {
  try {
    return createLink(url, { dataFolder, now, lifeMs: LINK_MS });
  } catch (error) {
    throw new Problem(`cannot create a link in ${dataFolder}: ${messageOf(error)}`, { cause: error });
  }
}

/** Whether a server accepts connections at an address. It sends no request, which would go through the environment's proxy. */
function answers(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname.replace(/^\[|\]$/g, ""), port: Number(port || 80), timeout: ANSWER_MS });
  return new Promise((resolve) => {
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", () => end(true));
    socket.once("error", () => end(false));
    socket.once("timeout", () => end(false));
  });
}
