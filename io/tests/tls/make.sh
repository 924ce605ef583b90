#!/bin/sh
# Makes the certificates that tests of TLS use, valid for a hundred years. They secure nothing: their keys are public.
set -eu
cd "$(dirname "$0")"
for authority in authority another; do
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500 -subj "/CN=Terrella test $authority" \
        -addext "keyUsage=critical,keyCertSign" -keyout "$authority.key" -out "$authority.pem"
done
openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=localhost" -keyout server.key -out server.csr
printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=critical,CA:FALSE\nextendedKeyUsage=serverAuth\n' >server.ext
openssl x509 -req -in server.csr -CA authority.pem -CAkey authority.key -set_serial 1 -days 36500 -extfile server.ext -out server.pem
rm server.csr server.ext authority.key another.key
