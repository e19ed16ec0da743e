#!/bin/sh
# Makes the certificates of the TLS tests anew: one authority, a server for
# localhost, a client. Made-up keys, valid for a hundred years.
set -eu
cd "$(dirname "$0")"
new_key() { openssl ecparam -name prime256v1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt -out "$1"; }
new_key ca.key
openssl req -x509 -new -key ca.key -sha256 -days 36500 -subj "/CN=hwmigrate test authority" \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign -out ca.pem
for who in server client; do
    new_key "$who.key"
    usage=serverAuth
    [ "$who" = client ] && usage=clientAuth
    openssl req -new -key "$who.key" -subj "/CN=hwmigrate test $who" -out "$who.csr"
    printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=%s\nbasicConstraints=CA:FALSE\n' "$usage" >ext
    openssl x509 -req -in "$who.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -sha256 -days 36500 \
        -extfile ext -out "$who.pem"
done
rm -f ca.key ca.srl ext ./*.csr
