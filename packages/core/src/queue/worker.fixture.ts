/** Takes one job with a lock of its own, says which and with which token, and never ends. Arguments: socket, queue. */
import { Worker } from "bullmq";
import { Redis } from "ioredis";

const [socket = "", name = ""] = process.argv.slice(2);
const connection = new Redis(socket, { maxRetriesPerRequest: null });
const worker = new Worker(
  name,
  (job, token) => {
    process.stdout.write(`${JSON.stringify({ jobId: job.id, token })}\n`);
    return new Promise(() => undefined);
  },
  { connection, lockDuration: 3_600_000 },
);
worker.on("error", (error) => process.stderr.write(`${error.message}\n`));
