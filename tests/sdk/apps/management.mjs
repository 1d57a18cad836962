// The ManagementClient of node-auth0. A list answers with the items of all its pages.
import { ManagementClient, ManagementError } from "auth0";
import { answerCalls } from "./answering.mjs";

await answerCalls(
  (options) => new ManagementClient({ domain: process.env.DOMAIN, ...options }),
  (error) => (error instanceof ManagementError ? { status: error.statusCode, body: error.body } : undefined),
);
