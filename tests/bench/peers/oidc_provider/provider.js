// npm's oidc-provider with one confidential client, which gets RS256 access tokens by client credentials. All is in memory.

import { generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import { Provider } from 'oidc-provider'

const { BENCH_PORT, BENCH_CLIENT, BENCH_SECRET, BENCH_AUDIENCE, BENCH_SCOPE } = process.env
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })

const provider = new Provider(`http://127.0.0.1:${BENCH_PORT}`, {
  clients: [
    {
      client_id: BENCH_CLIENT,
      client_secret: BENCH_SECRET,
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
      token_endpoint_auth_method: 'client_secret_post'
    }
  ],
  jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), kid: 'bench', use: 'sig', alg: 'RS256' }] },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => BENCH_AUDIENCE,
      getResourceServerInfo: () => ({
        scope: BENCH_SCOPE,
        audience: BENCH_AUDIENCE,
        accessTokenTTL: 600,
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: 'RS256' } }
      })
    }
  }
})

const answer = provider.callback()
createServer((request, response) => (request.url === '/readyz' ? response.end() : answer(request, response))).listen(
  Number(BENCH_PORT),
  '127.0.0.1'
)
