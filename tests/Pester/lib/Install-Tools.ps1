#Requires -Version 7.6
<#
.SYNOPSIS
    Makes sure that the tools and servers of the tests are there; gives the names of those that are not.
.DESCRIPTION
    As root on Debian or Ubuntu missing ones are installed from the distribution's packages. No service is started.
#>
[CmdletBinding()]
param(
    [switch] $Slow,

    # command -> Debian package; those of the tests unless others are given
    [Collections.IDictionary] $Tools = [ordered]@{
        'docker-registry' = 'docker-registry'; dockerd = 'docker.io'; docker = 'docker.io'; podman = 'podman'; skopeo = 'skopeo'
        umoci = 'umoci'; buildah = 'buildah'; busybox = 'busybox-static'; openssl = 'openssl'; htpasswd = 'apache2-utils'; zstd = 'zstd'
        setfattr = 'attr'; setcap = 'libcap2-bin'; bsdtar = 'libarchive-tools'; nginx = 'nginx'
        'ntfs-3g' = 'ntfs-3g'; getfattr = 'attr'
    }
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

if ($Slow) { $tools.debootstrap = 'debootstrap'; $tools.sshd = 'openssh-server'; $tools.ssh = 'openssh-client' }

function Get-Missing {
    foreach ($name in $tools.Keys) { if (-not (Get-Command $name -CommandType Application -ErrorAction Ignore)) { $name } }
}

$missing = @(Get-Missing)
$canInstall = $IsLinux -and [Environment]::UserName -eq 'root' -and (Get-Command apt-get -CommandType Application -ErrorAction Ignore)
if ($missing -and $canInstall) {
    $packages = @($missing | ForEach-Object { $tools[$_] } | Sort-Object -Unique)
    Write-Host "Installing $($packages -join ', ')"
    $env:DEBIAN_FRONTEND = 'noninteractive'
    # A package that brings a service wants to start it; exit code 101 is the distribution's way to say no.
    $policy = '/usr/sbin/policy-rc.d'
    $isOurPolicy = -not (Test-Path $policy)
    try {
        if ($isOurPolicy) {
            Set-Content $policy "#!/bin/sh`nexit 101"
            chmod 755 $policy
        }
        $options = '-qq', '-o', 'DPkg::Lock::Timeout=300', '-o', 'Dpkg::Use-Pty=0'
        apt-get @options update *> $null
        apt-get @options install -y --no-install-recommends @packages *> $null
        if ($LASTEXITCODE -ne 0) { Write-Host "apt-get ended with exit code $LASTEXITCODE." }
    }
    finally { if ($isOurPolicy) { Remove-Item $policy -Force -ErrorAction Ignore } }
    $missing = @(Get-Missing)
}
$missing
