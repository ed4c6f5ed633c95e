"""The shape of an engine's documents, as far as they are read: asked only when reading them went wrong, it tells a
capture that no engine wrote from a defect of ours."""

from collections.abc import Mapping
from typing import Any

from msgspec import ValidationError, convert, defstruct

from homelab_assets.model import Captured


def _shape(name: str, **fields: Any) -> Any:
    """An object all of whose fields may be missing or null; further ones may be anything."""
    return defstruct(name, [(field, kind | None, None) for field, kind in fields.items()])


_List: Any = list
_Map: Any = dict
_Texts, _Named, _Flags = _List[str], _Map[str, str], _Map[str, Any]

_HEALTH = _shape("Health", Test=_Texts, Interval=int, Timeout=int, Retries=int, StartPeriod=int, StartInterval=int)
_CONFIG = _shape(
    "Config",
    Cmd=_Texts | str, Entrypoint=_Texts | str, Env=_Texts, Labels=_Named, Image=str, User=str, WorkingDir=str,
    Hostname=str, Domainname=str, StopSignal=str, StopTimeout=int, Tty=bool, OpenStdin=bool, MacAddress=str,
    ExposedPorts=_Flags, Volumes=_Flags, Healthcheck=_HEALTH,
)  # fmt: skip
_HOST_CONFIG = _shape(
    "HostConfig",
    NetworkMode=str, RestartPolicy=_shape("Policy", Name=str, MaximumRetryCount=int), IpcMode=str, PidMode=str,
    UTSMode=str, UsernsMode=str, CgroupnsMode=str, CgroupParent=str, Runtime=str, Isolation=str, Privileged=bool,
    ReadonlyRootfs=bool, Init=bool, LogConfig=_shape("Log", Type=str, Config=_Named),
    PortBindings=_Map[str, _List[_shape("Binding", HostIp=str, HostPort=str)] | None], Binds=_Texts,
    Mounts=_List[_shape("Wanted", Type=str, Source=str, Target=str, BindOptions=_Flags, VolumeOptions=_Flags,
                       TmpfsOptions=_Flags, ImageOptions=_Flags)],
    Tmpfs=_Named, VolumesFrom=_Texts, CapAdd=_Texts, CapDrop=_Texts, SecurityOpt=_Texts, GroupAdd=_Texts,
    MaskedPaths=_Texts, Devices=_List[_shape("Device", PathOnHost=str, PathInContainer=str, CgroupPermissions=str)],
    DeviceRequests=_List[_shape("Request", Driver=str, Count=int, DeviceIDs=_Texts, Capabilities=_List[_Texts],
                               Options=_Named)],
    DeviceCgroupRules=_Texts, Sysctls=_Named, StorageOpt=_Named, Annotations=_Named, ExtraHosts=_Texts, Dns=_Texts,
    DnsSearch=_Texts, DnsOptions=_Texts, Ulimits=_List[_shape("Limit", Name=str, Soft=int, Hard=int)], Memory=int,
    MemorySwap=int, MemoryReservation=int, MemorySwappiness=int, NanoCpus=int, CpuShares=int, CpuPeriod=int,
    CpuQuota=int, CpuCount=int, CpusetCpus=str, PidsLimit=int, ShmSize=int, OomKillDisable=bool, OomScoreAdj=int,
    BlkioWeight=int,
)  # fmt: skip
_ENDPOINT = _shape(
    "Endpoint", Aliases=_Texts, Links=_Texts, IPAMConfig=_Flags, MacAddress=str, DriverOpts=_Named, GwPriority=int
)
_MOUNT = _shape("Mount", Type=str, Name=str, Source=str, Destination=str, RW=bool, Mode=str, Propagation=str)
_CONTAINER = _shape(
    "Container",
    Id=str, Name=str, Created=str, Image=str, State=_shape("State", Status=str, Running=bool, ExitCode=int),
    Config=_CONFIG, HostConfig=_HOST_CONFIG, Mounts=_List[_MOUNT],
    NetworkSettings=_shape("Networks", Networks=_Map[str, _ENDPOINT | None]),
    ImageManifestDescriptor=_shape("Manifest", digest=str, platform=_shape("Platform", os=str, architecture=str)),
)  # fmt: skip
_POOL = _shape("Pool", Subnet=str, Gateway=str, IPRange=str, AuxiliaryAddresses=_Named)
_NETWORK = _shape(
    "Network",
    Id=str, Name=str, Labels=_Named, Driver=str, Options=_Named, Internal=bool, Attachable=bool, EnableIPv4=bool,
    EnableIPv6=bool, IPAM=_shape("IPAM", Driver=str, Config=_List[_POOL]),
)  # fmt: skip
_SHAPES: Mapping[str, Any] = {
    "containers": _CONTAINER,
    "images": _shape(
        "Image",
        Id=str,
        RepoTags=_Texts,
        Os=str,
        Architecture=str,
        Config=_CONFIG,
        Descriptor=_Flags,
        Manifests=_List[_shape("OfPlatform", ID=str, Descriptor=_Flags)],
    ),
    "networks": _NETWORK,
    "volumes": _shape("Volume", Name=str, Labels=_Named, Driver=str, Options=_Named),
}


def mistake_in(captured: Captured) -> str | None:
    """Say where a capture is not what an engine answers, None where it is; what stands there is not told."""
    documents = {"engine": [captured.engine], **{part: getattr(captured, part) for part in _SHAPES}}
    info = _shape("Info", DefaultAddressPools=_List[_shape("Range", Base=str, Size=int)])
    shapes = {"engine": _shape("Engine", version=_Flags, info=info), **_SHAPES}
    for part, shape in shapes.items():
        for number, document in enumerate(documents[part]):
            try:
                convert(document, shape)
            except ValidationError as error:
                return f"{part}[{number}]: {error}"
    return None
