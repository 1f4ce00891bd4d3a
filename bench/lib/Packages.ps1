# The programs that the benchmarks compare with; as root on Debian missing ones are installed.
function Install-BenchTool {
    # command -> Debian package
    $tools = [ordered]@{
        'docker-registry' = 'docker-registry'; dockerd = 'docker.io'; docker = 'docker.io'; skopeo = 'skopeo'; umoci = 'umoci'
        debootstrap = 'debootstrap'; igzip = 'isal'; curl = 'curl'; openssl = 'openssl'; wrk = 'wrk'
    }
    $missing = & (Join-Path $PSScriptRoot '../../tests/Pester/lib/Install-Tools.ps1') -Tools $tools
    if ($missing) { throw "These programs are needed and could not be installed: $($missing -join ', ')." }
}
