// All-reduce by MPI: BYTES. Rank 0 speaks the protocol of the benchmark, as gloo_peer.py does. Ranks that wait for the next
// batch sleep between looks: MPI itself would spin, and take the cores from the side that is being measured.
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const double BATCH_SECONDS = 0.02;

static long batch(long count, int restful, float *in, float *out, int floats) {
    MPI_Request request;
    int arrived = 0;
    double began = MPI_Wtime();
    MPI_Ibcast(&count, 1, MPI_LONG, 0, MPI_COMM_WORLD, &request);
    for (MPI_Test(&request, &arrived, MPI_STATUS_IGNORE); !arrived; MPI_Test(&request, &arrived, MPI_STATUS_IGNORE)) {
        if (restful && MPI_Wtime() - began > 0.005) usleep(1000);
    }
    for (long i = 0; i < count; i++) MPI_Allreduce(in, out, floats, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
    return count;
}

int main(int argc, char **argv) {
    MPI_Init(&argc, &argv);
    int rank, length;
    char version[MPI_MAX_LIBRARY_VERSION_STRING], line[256];
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    int floats = atol(argv[1]) / 4;
    float *in = calloc(floats, 4), *out = calloc(floats, 4);
    memset(out, 1, (size_t) floats * 4);
    for (int i = 0; i < floats; i++) in[i] = 1;
    if (rank != 0) {
        while (batch(0, 1, in, out, floats)) {
        }
    } else {
        MPI_Get_library_version(version, &length);
        version[strcspn(version, ",")] = 0;
        printf("ready %s\n", version);
        fflush(stdout);
        long n = 1;
        while (fgets(line, sizeof line, stdin)) {
            double seconds = atof(strchr(line, ' ') ? strchr(line, ' ') : "0"), began = MPI_Wtime(), took = 0;
            long done = 0;
            while (took < seconds) {
                done += batch(n, 0, in, out, floats);
                took = MPI_Wtime() - began;
                n = (long) (BATCH_SECONDS * done / took);
                if (n < 1) n = 1;
            }
            printf("%.4f\n", done / took);
            fflush(stdout);
        }
        batch(0, 0, in, out, floats);
    }
    MPI_Finalize();
    return 0;
}
