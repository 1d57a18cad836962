// node-oidc-provider with the clients and the API of the run: node server.mjs SETUP.json PORT
import { readFileSync } from 'node:fs';
import Provider from 'oidc-provider';

const [, , path, port] = process.argv;
const setup = JSON.parse(readFileSync(path, 'utf8'));
const lifetime = 86400;

const provider = new Provider(setup.issuer, {
  clients: setup.clients.map(({ client_id, client_secret }) => ({
    client_id,
    client_secret,
    redirect_uris: [],
    response_types: [],
    grant_types: ['client_credentials'],
    token_endpoint_auth_method: 'client_secret_post',
  })),
  jwks: { keys: [setup.key] },
  ttl: { ClientCredentials: lifetime },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: (ctx, indicator) => ({
        scope: setup.scopes,
        audience: indicator,
        accessTokenTTL: lifetime,
        accessTokenFormat: indicator === setup.opaque ? 'opaque' : 'jwt',
        ...(indicator === setup.opaque ? {} : { jwt: { sign: { alg: 'RS256' } } }),
      }),
    },
  },
});
provider.proxy = true;
provider.on('server_error', (ctx, error) => console.error(error));
provider.listen(Number(port), '127.0.0.1');
