// The AuthenticationClient of node-auth0: oauth.*, database.*.
import { AuthenticationClient } from "auth0/legacy";
import { answerCalls } from "./answering.mjs";

await answerCalls(
  (options) => new AuthenticationClient({ domain: process.env.DOMAIN, ...options }),
  (error) =>
    error.name === "AuthApiError"
      ? { status: error.statusCode, error: error.error, description: error.error_description }
      : error.name === "ResponseError"
        ? { status: error.statusCode, body: error.body }
        : undefined,
);
