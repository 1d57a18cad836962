// One call of the AuthenticationClient of node-auth0: {clientId, clientSecret, grant, parameters} in, the tokens out.
import { AuthenticationClient } from "auth0/legacy";

const { clientId, clientSecret, grant, parameters } = JSON.parse(process.argv[2]);
const client = new AuthenticationClient({ domain: process.env.DOMAIN, clientId, clientSecret });
try {
  const { data, status } = await client.oauth[grant](parameters);
  console.log(JSON.stringify({ status, ...data }));
} catch (error) {
  if (error.name !== "AuthApiError") throw error;
  console.log(JSON.stringify({ status: error.statusCode, error: error.error, description: error.error_description }));
}
