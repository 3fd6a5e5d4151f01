#!/usr/bin/env bash
# RabbitMQ and PostgreSQL as ordinary processes on 127.0.0.1, with all they write in one folder:
#   servers.sh start|stop|status DIR [rabbitmq|postgres]
#   servers.sh remove DIR            stops both and deletes the folder
#   servers.sh ctl|psql DIR ARG…     rabbitmqctl, psql, on those servers
# DIR/servers.env tells the ports; QUEUE_PORT, MANAGEMENT_PORT, QUEUE_METRICS_PORT and DB_PORT in the
# environment are wishes.
exec node "$(dirname "$0")/servers.mjs" "$@"
