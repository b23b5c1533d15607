/* A Vulkan layer between a program and its driver that loses the device, as a card is lost that hangs, is reset or unplugged.
 *
 *   LOSE_DEVICE_WHEN=FILE    with the first submission after FILE (or a folder) has appeared
 *   LOSE_DEVICE_AFTER=100    with the 101st submission; with FILE as well, counted from there on
 *   LOSE_DEVICE_IN=wait      the device hangs: submissions are taken, nothing of them is done, and whoever waits is told;
 *                            otherwise the submission is refused
 *
 * Once the loss is told, every call tells it. The few declarations of vulkan.h and vk_layer.h that this needs are written
 * out, so that a compiler is enough. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef void (*Function)(void);
typedef Function (*GetProcAddr)(void *of, const char *name);
typedef int32_t Result;
enum { LOST = -4, FAILED = -3, INSTANCE_LINK = 47, DEVICE_LINK = 48, LAYER_LINK_INFO = 0 };

/* What every structure of a chain begins with. */
typedef struct Chained {
    int32_t type;
    const struct Chained *next;
} Chained;

typedef struct InstanceLink {
    struct InstanceLink *next;
    GetProcAddr instance_function;
    GetProcAddr physical_device_function;
} InstanceLink;

typedef struct DeviceLink {
    struct DeviceLink *next;
    GetProcAddr instance_function;
    GetProcAddr device_function;
} DeviceLink;

/* The loader's place in such a chain: the layer below, which each layer moves on by one. */
typedef struct {
    Chained chained;
    int32_t function;
    void *link;
} LoaderInfo;

typedef struct {
    int32_t type;
    void *next;
    uint32_t version;
    GetProcAddr instance_function;
    GetProcAddr device_function;
    GetProcAddr physical_device_function;
} Negotiation;

static GetProcAddr below_instance, below_device;
static void *instance, *device;
static long submissions;
/* The device does nothing any more; the program has been told. */
static volatile int gone, told;

static LoaderInfo *loader_info(const void *create_info, int32_t type) {
    const Chained *chained = ((const Chained *)create_info)->next;
    while (chained && !(chained->type == type && ((LoaderInfo *)chained)->function == LAYER_LINK_INFO))
        chained = chained->next;
    return (LoaderInfo *)chained;
}

static Result create_instance(const void *info, const void *allocator, void **created) {
    LoaderInfo *loader = loader_info(info, INSTANCE_LINK);
    if (!loader) return FAILED;
    InstanceLink *link = loader->link;
    loader->link = link->next;
    below_instance = link->instance_function;
    Result (*create)(const void *, const void *, void **) = (void *)below_instance(NULL, "vkCreateInstance");
    Result result = create(info, allocator, created);
    instance = *created;
    return result;
}

static Result create_device(void *physical, const void *info, const void *allocator, void **created) {
    LoaderInfo *loader = loader_info(info, DEVICE_LINK);
    if (!loader) return FAILED;
    DeviceLink *link = loader->link;
    loader->link = link->next;
    below_device = link->device_function;
    Result (*create)(void *, const void *, const void *, void **) =
        (void *)link->instance_function(instance, "vkCreateDevice");
    Result result = create(physical, info, allocator, created);
    device = *created;
    return result;
}

#define BELOW(name) ((Result(*)())below_device(device, name))

/* True from the submission on with which the device is lost. */
static int is_gone(void) {
    const char *when = getenv("LOSE_DEVICE_WHEN"), *after = getenv("LOSE_DEVICE_AFTER");
    if (gone) return 1;
    if ((when && access(when, F_OK)) || __sync_add_and_fetch(&submissions, 1) <= (after ? atol(after) : 0)) return 0;
    fprintf(stderr, "lost_device.c: the device is lost\n");
    return gone = 1;
}

/* What a submission returns to a device that is gone. */
static Result refused(void) {
    const char *in = getenv("LOSE_DEVICE_IN");
    if (!in || strcmp(in, "wait")) told = 1;
    return told ? LOST : 0;
}

static Result submit(void *queue, uint32_t count, const void *infos, uint64_t fence) {
    return is_gone() ? refused() : BELOW("vkQueueSubmit")(queue, count, infos, fence);
}

static Result submit2(void *queue, uint32_t count, const void *infos, uint64_t fence) {
    return is_gone() ? refused() : BELOW("vkQueueSubmit2")(queue, count, infos, fence);
}

static Result wait_for_fences(void *of, uint32_t count, const void *fences, uint32_t all, uint64_t timeout) {
    if (gone) return told = 1, LOST;
    return BELOW("vkWaitForFences")(of, count, fences, all, timeout);
}

static Result wait_semaphores(void *of, const void *info, uint64_t timeout) {
    if (gone) return told = 1, LOST;
    return BELOW("vkWaitSemaphores")(of, info, timeout);
}

static Result device_idle(void *of) {
    if (gone) return told = 1, LOST;
    return BELOW("vkDeviceWaitIdle")(of);
}

static Result queue_idle(void *of) {
    if (gone) return told = 1, LOST;
    return BELOW("vkQueueWaitIdle")(of);
}

static Result fence_status(void *of, uint64_t fence) {
    return told ? LOST : BELOW("vkGetFenceStatus")(of, fence);
}

static Result semaphore_value(void *of, uint64_t semaphore, uint64_t *value) {
    return told ? LOST : BELOW("vkGetSemaphoreCounterValue")(of, semaphore, value);
}

static Function device_function(void *of, const char *name);
static Function instance_function(void *of, const char *name);

static const struct {
    const char *name;
    void *function;
} OURS[] = {
    {"vkGetInstanceProcAddr", instance_function},
    {"vkGetDeviceProcAddr", device_function},
    {"vkCreateInstance", create_instance},
    {"vkCreateDevice", create_device},
    {"vkQueueSubmit", submit},
    {"vkQueueSubmit2", submit2},
    {"vkQueueSubmit2KHR", submit2},
    {"vkWaitForFences", wait_for_fences},
    {"vkGetFenceStatus", fence_status},
    {"vkWaitSemaphores", wait_semaphores},
    {"vkWaitSemaphoresKHR", wait_semaphores},
    {"vkGetSemaphoreCounterValue", semaphore_value},
    {"vkGetSemaphoreCounterValueKHR", semaphore_value},
    {"vkDeviceWaitIdle", device_idle},
    {"vkQueueWaitIdle", queue_idle},
};

static Function ours(const char *name) {
    for (size_t index = 0; index < sizeof OURS / sizeof *OURS; index++)
        if (!strcmp(name, OURS[index].name)) return (Function)OURS[index].function;
    return NULL;
}

static Function device_function(void *of, const char *name) {
    Function function = ours(name);
    return function ? function : below_device(of, name);
}

static Function instance_function(void *of, const char *name) {
    Function function = ours(name);
    return function || !below_instance ? function : below_instance(of, name);
}

__attribute__((visibility("default"))) Result vkNegotiateLoaderLayerInterfaceVersion(Negotiation *negotiation) {
    if (negotiation->version < 2) return FAILED;
    fprintf(stderr, "lost_device.c: between the program and its driver\n");
    negotiation->version = 2;
    negotiation->instance_function = instance_function;
    negotiation->device_function = device_function;
    negotiation->physical_device_function = NULL;
    return 0;
}
