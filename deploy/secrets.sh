#!/bin/sh
# secrets.sh FOLDER: the secrets of docker-compose.yml, made where missing, each for the user of its container alone.
# Run as root, because the files are given to those users; OWNERS=no leaves them with whoever runs it.
set -eu
folder=${1:?usage: secrets.sh FOLDER}
revenuer=10001 stores=999

random() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }

# secret NAME OWNER VALUE: written aside and renamed, so that a file that is there is whole.
secret() {
	[ -e "$folder/$1" ] && return
	(umask 077 && printf '%s\n' "$3" >"$folder/.$1.new")
	chmod 600 "$folder/.$1.new"
	[ "${OWNERS:-yes}" = no ] || chown "$2:$2" "$folder/.$1.new"
	mv "$folder/.$1.new" "$folder/$1"
}

mkdir -p "$folder"
chmod 711 "$folder"
for name in pepper spool_key token_key digest_key; do
	secret "$name" $revenuer "$(random)"
done
secret postgres_password $stores "$(random)"
secret redis_password $stores "$(random)"
secret database $revenuer "postgresql://revenuer:$(cat "$folder/postgres_password")@postgres:5432/revenuer"
secret stream $revenuer "redis://:$(cat "$folder/redis_password")@redis:6379/0"
